"""Trials for tests of metrics, and their evaluation in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from svfair.metrics import Evaluation, Settings, evaluate, make_trial_set


@dataclass(frozen=True)
class Trials:
    """Trials as `measure` takes them, and the group of each speaker."""

    scores: npt.NDArray[np.float64]
    is_target: npt.NDArray[np.bool_]
    enrol: list[str]
    test: list[str]
    groups: dict[str, str | None]

    @property
    def columns(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], list[str], list[str]]:
        return self.scores, self.is_target, self.enrol, self.test

    def taken(self, chosen: npt.NDArray[np.intp]) -> "Trials":
        enrol, test = ([side[place] for place in chosen] for side in (self.enrol, self.test))
        return Trials(self.scores[chosen], self.is_target[chosen], enrol, test, self.groups)


def simulate(
    seed: int = 0,
    *,
    trials: int = 600,
    speakers: int = 12,
    shift: float = 0.0,
    decimals: int | None = None,
    group_names: str = "fm",
) -> Trials:
    """Draw trials between speakers of groups; targets of the first group score lower by `shift`."""
    random = np.random.default_rng(seed)
    names = [f"s{number:03d}" for number in range(speakers)]
    enrol = random.integers(speakers, size=trials)
    test = np.where(random.random(trials) < 0.4, enrol, random.integers(speakers, size=trials))
    target = enrol == test
    hard = random.normal(scale=0.4, size=speakers)
    first = np.arange(speakers) % len(group_names) == 0
    scores = random.normal(size=trials) + target * (2 - hard[enrol] - shift * first[enrol])
    if decimals is not None:
        scores = scores.round(decimals)
    groups: dict[str, str | None] = {
        name: group_names[number % len(group_names)] for number, name in enumerate(names)
    }
    return Trials(scores, target, [names[a] for a in enrol], [names[b] for b in test], groups)


def measure(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    enrol: Sequence[str],
    test: Sequence[str],
    attributes: Mapping[str, Mapping[str, str | None]],
    *,
    system: str = "system",
    progress: Any = None,
    **settings: Any,
) -> Evaluation:
    """Evaluate trials with some settings."""
    trials = make_trial_set(scores, labels, enrol, test)
    return evaluate(trials, attributes, Settings(**settings), system=system, progress=progress)
