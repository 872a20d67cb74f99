"""Detection errors of one set of scored trials. A trial is accepted when its score reaches the threshold."""

import math
from dataclasses import dataclass

import numpy as np

from svfair.metrics.results import BoolArray, DetectionCurve, FloatArray
from svfair.metrics.settings import OperatingPoint


@dataclass(frozen=True)
class ErrorCurve:
    """FMR and FNMR at every threshold that makes a difference.

    `thresholds` are the distinct scores, rising, and infinity; `fnmr` rises along them from 0 (accept all)
    to 1 (reject all), `fmr` falls from 1 to 0. Without target trials `fnmr` is NaN, without non-target
    trials `fmr` is.
    """

    thresholds: FloatArray
    fmr: FloatArray
    fnmr: FloatArray
    targets: int
    non_targets: int


def error_curve(scores: FloatArray, is_target: BoolArray) -> ErrorCurve:
    """Return the error curve of trials in any order; equal scores are one threshold.

    Parameters
    ----------
    scores
        Shape (trials,), finite.
    is_target
        Shape (trials,).
    """
    order = np.argsort(scores, kind="stable")
    return error_curve_of_sorted(scores[order], is_target[order])


def error_curve_of_sorted(scores: FloatArray, is_target: BoolArray) -> ErrorCurve:
    """Return the error curve of trials whose scores rise."""
    first = np.flatnonzero(np.r_[True, scores[1:] > scores[:-1]]) if len(scores) else np.empty(0, np.intp)
    below = np.r_[0, np.cumsum(is_target)]
    starts = np.r_[first, len(scores)]
    targets = int(below[-1])
    non_targets = len(scores) - targets
    with np.errstate(invalid="ignore"):
        fnmr = below[starts] / np.float64(targets)
        # Whole numbers are divided last, so that 1 of 100 is 0.01 and not a digit more.
        fmr = (non_targets - (starts - below[starts])) / np.float64(non_targets)
    return ErrorCurve(np.r_[scores[first], np.inf].astype(np.float64), fmr, fnmr, targets, non_targets)


def equal_error(curve: ErrorCurve) -> tuple[float, float]:
    """Return the EER and a threshold there.

    The EER is where FNMR and FMR cross, found by linear interpolation between the two thresholds that
    straddle the crossing. The threshold is the one of the two at which the rates differ least.

    Returns
    -------
    eer, threshold
        Both NaN when there are no target or no non-target trials.
    """
    if not (curve.targets and curve.non_targets):
        return math.nan, math.nan
    difference = curve.fnmr - curve.fmr
    after = int(np.argmax(difference >= 0))
    before = after - 1
    share = difference[before] / (difference[before] - difference[after])
    eer = curve.fnmr[before] + share * (curve.fnmr[after] - curve.fnmr[before])
    closest = after if difference[after] < -difference[before] else before
    return float(eer), float(curve.thresholds[closest])


def detection_cost(fnmr: FloatArray | float, fmr: FloatArray | float, point: OperatingPoint) -> FloatArray:
    """Return the normalised detection cost; 1 is what the better of accept-all and reject-all costs.

    (C_miss P FNMR + C_fa (1 - P) FMR) / min(C_miss P, C_fa (1 - P)), as in the NIST evaluations.
    """
    miss = point.c_miss * point.p_target
    false_alarm = point.c_fa * (1 - point.p_target)
    cost = miss * np.asarray(fnmr) + false_alarm * np.asarray(fmr)
    return np.asarray(cost / min(miss, false_alarm), dtype=np.float64)


def minimum_detection_cost(curve: ErrorCurve, point: OperatingPoint) -> tuple[float, float]:
    """Return minDCF and its threshold; both NaN when a kind of trial is missing."""
    if not (curve.targets and curve.non_targets):
        return math.nan, math.nan
    costs = detection_cost(curve.fnmr, curve.fmr, point)
    best = int(np.argmin(costs))
    return float(costs[best]), float(curve.thresholds[best])


def errors_at(curve: ErrorCurve, threshold: float) -> tuple[float, float]:
    """Return FNMR and FMR at a threshold; NaN for a kind of trial that is missing."""
    at = int(np.searchsorted(curve.thresholds, threshold, side="left"))
    at = min(at, len(curve.thresholds) - 1)
    return float(curve.fnmr[at]), float(curve.fmr[at])


def thin(curve: ErrorCurve, points: int = 300) -> DetectionCurve:
    """Return a curve for plotting: at most `points` points, close in both tails, ends included."""
    if len(curve.thresholds) <= points or not (curve.targets and curve.non_targets):
        return DetectionCurve(curve.fmr, curve.fnmr)
    # Equal steps of the logit of either rate keep the tails, which a DET plot stretches.
    grid = np.r_[0.0, 1 / (1 + np.exp(-np.linspace(-12, 12, points // 2 - 2))), 1.0]
    by_fnmr = np.searchsorted(curve.fnmr, grid, side="left")
    by_fmr = len(curve.fmr) - 1 - np.searchsorted(curve.fmr[::-1], grid, side="left")
    chosen = np.unique(np.r_[by_fnmr, by_fmr])
    return DetectionCurve(curve.fmr[chosen], curve.fnmr[chosen])
