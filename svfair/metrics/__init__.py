"""Scores in, numbers out. Needs numpy and scipy alone; data frames, where they are asked for, need polars."""

from svfair.metrics.auditing import Audit, audit
from svfair.metrics.comparison import Change, Comparison, compare
from svfair.metrics.evaluation import evaluate
from svfair.metrics.resampling import Resampling
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
    OperatingPoint,
    Spread,
)
from svfair.metrics.seeds import pool_seeds
from svfair.metrics.thresholds import ThresholdRule

__all__ = [
    "Attribute",
    "Audit",
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
    "Spread",
    "ThresholdRule",
    "audit",
    "compare",
    "evaluate",
    "pool_seeds",
]
