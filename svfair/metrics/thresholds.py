"""The one threshold for all groups: chosen on all trials together, or given."""

import math

import numpy as np

from svfair.metrics.detection import ErrorCurve, detection_cost, equal_error
from svfair.metrics.settings import OperatingPoint, ThresholdRule


def pooled_threshold(curve: ErrorCurve, rule: ThresholdRule, point: OperatingPoint) -> float:
    """Return the threshold on the curve of all trials; NaN when a kind of trial that it needs is missing."""
    if rule.criterion == "score":
        return rule.value
    if rule.criterion == "eer":
        return equal_error(curve)[1]
    if not curve.non_targets or (rule.criterion == "dcf" and not curve.targets):
        return math.nan
    if rule.criterion == "dcf":
        return float(curve.thresholds[int(np.argmin(detection_cost(curve.fnmr, curve.fmr, point)))])
    return float(curve.thresholds[int(np.argmax(curve.fmr <= rule.value))])
