"""Groups of trials, made from the attributes of the two speakers of each trial."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svfair.metrics.results import BoolArray
from svfair.metrics.settings import GroupRule
from svfair.missing import UNKNOWN

_NATURAL_ORDER = ("male", "female", "US", "UK", "other")


@dataclass(frozen=True)
class TrialSpeakers:
    """The two speakers of every trial, as numbers into `names`; both arrays int64 (trials,)."""

    names: tuple[str, ...]
    enrol: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]


def number_speakers(enrol: Sequence[str], test: Sequence[str]) -> TrialSpeakers:
    """Give each speaker of the two sides of the trials a number, in the order of their names.

    The numbers do not depend on the order of the trials, so that a seed draws the same speakers for every
    system that is scored on the same trials.
    """
    numbers: dict[str, int] = {}
    # A dictionary is several times faster here than sorting half a million strings.
    enrol_numbers = [numbers.setdefault(speaker, len(numbers)) for speaker in enrol]
    test_numbers = [numbers.setdefault(speaker, len(numbers)) for speaker in test]
    names = list(numbers)
    by_name = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[by_name] = np.arange(len(names))
    return TrialSpeakers(
        tuple(names[number] for number in by_name),
        place[np.array(enrol_numbers, dtype=np.int64)],
        place[np.array(test_numbers, dtype=np.int64)],
    )


@dataclass(frozen=True)
class TrialGroups:
    """Which trials belong to which group of an attribute.

    `members` maps a group's name to a boolean array (trials,), `speakers` to the number of speakers that
    it has in its trials.
    """

    members: Mapping[str, BoolArray]
    speakers: Mapping[str, int]

    def outside(self) -> int:
        """Return the number of trials that are in no group."""
        return int(np.count_nonzero(~np.logical_or.reduce(list(self.members.values()))))


def group_trials(trials: TrialSpeakers, values: Mapping[str, str | None], rule: GroupRule) -> TrialGroups:
    """Group trials by an attribute of their speakers.

    Parameters
    ----------
    trials
        The speakers of every trial.
    values
        Speaker to group; a speaker that is missing or None is `unknown`.
    rule
        `both`: a trial is in a group when both speakers are; `enrol`: when the enrolment speaker is;
        `any`: when either is, so that a trial can be in two groups.
    """
    group_of = [values.get(name) or UNKNOWN for name in trials.names]
    names = sorted(set(group_of), key=_natural_order)
    code = {name: number for number, name in enumerate(names)}
    codes = np.array([code[group] for group in group_of], dtype=np.int64)
    enrol, test = codes[trials.enrol], codes[trials.test]
    members, speakers = {}, {}
    for name, number in code.items():
        if rule == "both":
            member = (enrol == number) & (test == number)
        elif rule == "enrol":
            member = enrol == number
        else:
            member = (enrol == number) | (test == number)
        members[name] = member
        seen = np.zeros(len(codes), dtype=np.bool_)
        seen[trials.enrol[member]] = True
        seen[trials.test[member]] = True
        speakers[name] = int(np.count_nonzero(seen & (codes == number)))
    return TrialGroups(members, speakers)


def _natural_order(name: str) -> tuple[tuple[int, float, str], ...]:
    """Order groups as people do: US before UK before other, bins by their numbers, unknown last."""
    return tuple(_place(part) for part in name.split(", "))


def _place(name: str) -> tuple[int, float, str]:
    if name == UNKNOWN:
        return len(_NATURAL_ORDER) + 2, 0.0, name
    if name in _NATURAL_ORDER:
        return _NATURAL_ORDER.index(name), 0.0, name
    words = name.split()
    try:
        # `under 30` comes before `30 to 50`.
        number = float(words[1] if words[0] == "under" else words[0])
    except (ValueError, IndexError):
        number = math.nan
    if not math.isfinite(number):
        return len(_NATURAL_ORDER), 0.0, name
    return len(_NATURAL_ORDER) + 1, number - (0.5 if words[0] == "under" else 0.0), name
