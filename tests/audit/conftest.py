from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest


@dataclass(frozen=True)
class Scored:
    """Scored trials as `audit` takes them, and the gender of each speaker."""

    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.bool_]
    enrol: list[str]
    test: list[str]
    genders: dict[str, str]

    @property
    def columns(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], list[str], list[str]]:
        return self.scores, self.labels, self.enrol, self.test

    @property
    def speakers(self) -> dict[str, dict[str, str]]:
        return {name: {"gender": gender} for name, gender in self.genders.items()}


@pytest.fixture
def make_scored() -> Callable[..., Scored]:
    """Draw trials between twelve speakers; the targets of women score lower."""

    def make(seed: int = 0, *, trials: int = 2000) -> Scored:
        random = np.random.default_rng(seed)
        enrol = random.integers(12, size=trials)
        test = np.where(random.random(trials) < 0.4, enrol, random.integers(12, size=trials))
        labels = enrol == test
        scores = random.normal(size=trials) + labels * np.where(enrol % 2, 2.5, 2.0)
        names = [f"s{number:02d}" for number in range(12)]
        genders = {name: ("female", "male")[number % 2] for number, name in enumerate(names)}
        return Scored(scores, labels, [names[n] for n in enrol], [names[n] for n in test], genders)

    return make
