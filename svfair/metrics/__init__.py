"""Scores in, numbers out. Needs numpy and scipy alone."""

from svfair.metrics.evaluation import evaluate
from svfair.metrics.results import (
    Attribute,
    DetectionCurve,
    DetectionErrors,
    Evaluation,
    Group,
    OperatingPoint,
    Spread,
)

__all__ = [
    "Attribute",
    "DetectionCurve",
    "DetectionErrors",
    "Evaluation",
    "Group",
    "OperatingPoint",
    "Spread",
    "evaluate",
]
