"""Which one threshold a deployed system has: chosen on all trials together, or given."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from svfair.metrics.detection import ErrorCurve, detection_cost, equal_error_rate
from svfair.metrics.results import OperatingPoint

Criterion = Literal["eer", "dcf", "fmr", "score"]


@dataclass(frozen=True)
class ThresholdRule:
    """How the pooled threshold is chosen.

    Parameters
    ----------
    criterion
        `eer`: equal error over all trials; `dcf`: least detection cost over all trials; `fmr`: the lowest
        threshold at which at most a share `value` of all non-target trials is accepted; `score`: `value`
        itself.
    value
        For `fmr` and `score`.

    Raises
    ------
    ValueError
        When the value does not fit the criterion.
    """

    criterion: Criterion = "eer"
    value: float = math.nan

    def __post_init__(self) -> None:
        if self.criterion == "fmr" and not 0 < self.value < 1:
            raise ValueError(f"a false match rate lies between 0 and 1, not {self.value}")
        if self.criterion == "score" and not math.isfinite(self.value):
            raise ValueError(f"a threshold must be a finite number, not {self.value}")
        if self.criterion not in ("eer", "dcf", "fmr", "score"):
            raise ValueError(f"criterion '{self.criterion}' is none of eer, dcf, fmr, score")

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
    ValueError
        When it is none of these.
    """
    word = text.strip().lower()
    if word in ("eer", "dcf"):
        return ThresholdRule("eer" if word == "eer" else "dcf")
    name, equals, number = word.partition("=")
    try:
        if equals and name.strip() == "fmr":
            return ThresholdRule("fmr", float(number))
        if not equals:
            return ThresholdRule("score", float(word))
    except ValueError as error:
        if "could not convert" not in str(error):
            raise
    raise ValueError(f"'{text}' is none of eer, dcf, fmr=RATE or a number")


def pooled_threshold(curve: ErrorCurve, rule: ThresholdRule, point: OperatingPoint) -> float:
    """Return the threshold on the curve of all trials; NaN when a kind of trial that it needs is missing."""
    if rule.criterion == "score":
        return rule.value
    if rule.criterion == "eer":
        return equal_error_rate(curve)[1]
    if not curve.non_targets or (rule.criterion == "dcf" and not curve.targets):
        return math.nan
    if rule.criterion == "dcf":
        return float(curve.thresholds[int(np.argmin(detection_cost(curve.fnmr, curve.fmr, point)))])
    return float(curve.thresholds[int(np.argmax(curve.fmr <= rule.value))])
