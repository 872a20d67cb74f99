"""Scores in, numbers out. Needs numpy and scipy alone."""

from importlib import import_module
from typing import TYPE_CHECKING

from svfair.metrics.comparison import Change, Comparison, compare
from svfair.metrics.evaluation import evaluate
from svfair.metrics.fairness import (
    area_under_fdr,
    fairness_discrepancy_rate,
    gap,
    garbe,
    gini,
    inequity_rate,
    ratio,
    std,
)
from svfair.metrics.measures import cllr, equal_error_rate, min_cllr, min_dcf
from svfair.metrics.results import (
    Attribute,
    Chance,
    DetectionBand,
    DetectionCurve,
    DetectionErrors,
    Evaluation,
    Fairness,
    Group,
    Interval,
    ScoreHistogram,
    Spread,
)
from svfair.metrics.seeds import check_comparable, pool_seeds
from svfair.metrics.settings import OperatingPoint, Resampling, Settings, ThresholdRule, parse_threshold
from svfair.metrics.trial_set import TrialSet, make_trial_set

__all__ = [
    "Attribute",
    "Chance",
    "Change",
    "Comparison",
    "DetectionBand",
    "DetectionCurve",
    "DetectionErrors",
    "Evaluation",
    "Fairness",
    "Group",
    "Interval",
    "OperatingPoint",
    "Resampling",
    "ScoreHistogram",
    "Settings",
    "Spread",
    "ThresholdRule",
    "TrialSet",
    "area_under_fdr",
    "check_comparable",
    "cllr",
    "compare",
    "equal_error_rate",
    "evaluate",
    "fairness_discrepancy_rate",
    "gap",
    "garbe",
    "gini",
    "inequity_rate",
    "make_trial_set",
    "min_cllr",
    "min_dcf",
    "parse_threshold",
    "pool_seeds",
    "ratio",
    "std",
]


if not TYPE_CHECKING:

    def __getattr__(name: str):
        # The audit has a room of its own; those who knew it here are sent there until version 0.3.
        if name == "audit":
            return import_module("svfair.audit").audit
        raise AttributeError(f"svfair.metrics has no '{name}'")
