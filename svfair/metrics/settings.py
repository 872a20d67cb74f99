"""How trials are grouped, errors counted and intervals made; each setting checks itself."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Literal, get_args

from svfair.errors import InputError, Parameter, shown

#: Which trials belong to a group: see `groups.group_trials`.
GroupRule = Literal["both", "enrol", "any"]
IntervalKind = Literal["percentile", "basic"]
Criterion = Literal["eer", "dcf", "fmr", "score"]


@dataclass(frozen=True)
class OperatingPoint:
    """Prior and costs of a detection cost function.

    Parameters
    ----------
    p_target
        Prior probability of a target trial, in (0, 1).
    c_miss, c_fa
        Cost of a miss (false non-match) and of a false alarm (false match), both positive.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    p_target: float = 0.05
    c_miss: float = 1.0
    c_fa: float = 1.0

    def __post_init__(self) -> None:
        for name in ("p_target", "c_miss", "c_fa"):
            _check_number(name, getattr(self, name))
        if not 0 < self.p_target < 1:
            raise InputError(Parameter("p_target"), f": must lie between 0 and 1, not {self.p_target}")
        for name in ("c_miss", "c_fa"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(Parameter(name), f": must be above 0, not {getattr(self, name)}")


@dataclass(frozen=True)
class ThresholdRule:
    """How the one threshold for all groups is chosen.

    Parameters
    ----------
    criterion
        `eer`: equal error over all trials; `dcf`: least detection cost over all trials; `fmr`: the lowest
        threshold at which at most a share `value` of all non-target trials is accepted; `score`: `value`
        itself, as a deployed system has it.
    value
        For `fmr` and `score`.

    Raises
    ------
    InputError
        When the value does not fit the criterion.
    """

    criterion: Criterion = "eer"
    value: float = math.nan

    def __post_init__(self) -> None:
        _check_among("threshold", self.criterion, get_args(Criterion))
        _check_number("threshold", self.value)
        if self.criterion == "fmr" and not 0 < self.value < 1:
            raise InputError(
                Parameter("threshold"), f": a false match rate lies between 0 and 1, not {self.value}"
            )
        if self.criterion == "score" and not math.isfinite(self.value):
            raise InputError(Parameter("threshold"), f": must be a finite number, not {self.value}")

    @property
    def is_given(self) -> bool:
        """Whether it is the threshold of a deployed system, not one chosen on the trials."""
        return self.criterion == "score"

    def __str__(self) -> str:
        return {
            "eer": "of equal error over all trials",
            "dcf": "of least detection cost over all trials",
            "fmr": f"that accepts {100 * self.value:g} % of all non-target trials",
            "score": f"given as {self.value:g}",
        }[self.criterion]


def parse_threshold(text: str) -> ThresholdRule:
    """Read `eer`, `dcf`, `fmr=0.01` or a number.

    Raises
    ------
    InputError
        When it is none of these.
    """
    word = str(text).strip().lower()
    name, equals, number = word.partition("=")
    try:
        value = float(number if equals else word)
    except ValueError:
        value = None
    if word in ("eer", "dcf"):
        return ThresholdRule("eer" if word == "eer" else "dcf")
    if value is None or (equals and name.strip() != "fmr"):
        raise InputError(Parameter("threshold"), f": '{text}' is none of eer, dcf, fmr=RATE or a number")
    return ThresholdRule("fmr" if equals else "score", value)


#: At which the ends of an interval are known to a thousandth of its length.
_MOST_DRAWS = 1_000_000


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Parameters
    ----------
    replicates
        Bootstrap replicates over speakers.
    permutations
        Shuffles of group labels for the gap that chance gives; 0 for none.
    seed
        Of both. Two systems on the same trials with the same seed have the same draws.
    level
        Nominal coverage of intervals.
    kind
        Of the intervals of rates: `percentile` or `basic`. Those of gaps and other distances have a kind of
        their own: see `distance_interval`.
    strata
        Speaker to stratum; each keeps its number of speakers in every replicate. Empty for none.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    replicates: int = 1000
    permutations: int = 1000
    seed: int = 0
    level: float = 0.95
    kind: IntervalKind = "percentile"
    strata: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("replicates", "permutations", "seed"):
            _check_number(name, getattr(self, name), Integral)
        _check_number("level", self.level)
        if not isinstance(self.strata, Mapping):
            raise InputError(Parameter("strata"), f": must be a mapping, not {type(self.strata).__name__}")
        if self.replicates < 2:
            raise InputError(Parameter("replicates"), f": must be at least 2, not {self.replicates}")
        for name in ("permutations", "seed"):
            if getattr(self, name) < 0:
                raise InputError(Parameter(name), f": must be at least 0, not {getattr(self, name)}")
        for name in ("replicates", "permutations"):
            if getattr(self, name) > _MOST_DRAWS:
                raise InputError(Parameter(name), f": more than {_MOST_DRAWS:,} tell nothing more")
        if not 0 < self.level < 1:
            raise InputError(Parameter("level"), f": must lie between 0 and 1, not {self.level}")
        _check_among("kind", self.kind, get_args(IntervalKind))


@dataclass(frozen=True)
class Settings:
    """How trials are grouped, errors counted and intervals made.

    Parameters
    ----------
    rule
        Which trials belong to a group; see `group_trials`.
    operating_point
        Of the detection cost.
    threshold
        How the one threshold for all groups is chosen; by default at equal error over all trials.
    on_hull
        Whether EERs are those of the ROC's convex hull rather than interpolated.
    minimum_speakers, minimum_targets
        A group with fewer speakers or target trials is shown, but left out of the gap statistics; so is the
        group `unknown`.
    resampling
        How intervals are made; None for none.

    Raises
    ------
    InputError
        When a value is out of range; it names the setting.
    """

    rule: GroupRule = "both"
    operating_point: OperatingPoint = field(default_factory=OperatingPoint)
    threshold: ThresholdRule = field(default_factory=ThresholdRule)
    on_hull: bool = False
    minimum_speakers: int = 5
    minimum_targets: int = 100
    resampling: Resampling | None = None

    def __post_init__(self) -> None:
        _check_among("rule", self.rule, get_args(GroupRule))
        for name, kind in _KINDS.items():
            given = getattr(self, name)
            if given is not None and not isinstance(given, kind):
                raise InputError(Parameter(name), f": must be {kind.__name__}, not {type(given).__name__}")
        for name in ("minimum_speakers", "minimum_targets"):
            _check_number(name, getattr(self, name), Integral)
            if getattr(self, name) < 1:
                raise InputError(Parameter(name), f": must be at least 1, not {getattr(self, name)}")

    @property
    def eer_kind(self) -> str:
        """How EERs are made."""
        return "convex hull" if self.on_hull else "interpolated"


#: Settings that are themselves settings.
_KINDS = {"operating_point": OperatingPoint, "threshold": ThresholdRule, "resampling": Resampling}


def _check_number(name: str, value: object, kind: type = Real) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = "whole number" if kind is Integral else "number"
        raise InputError(Parameter(name), f": must be a {wanted}, not {shown(value)}")


def _check_among(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(Parameter(name), f": '{value}' is none of {', '.join(known)}")
