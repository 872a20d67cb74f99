"""Scores as log-likelihood ratios: what they cost as they are, and what they would after calibration.

Scores that are no (natural) log-likelihood ratios, such as cosines, have a Cllr and an actual detection cost
too, but those say nothing of them; min Cllr only looks at their order.
"""

import math

import numpy as np
from scipy.optimize import isotonic_regression

from svfair.metrics.detection import ErrorCurve, detection_cost, errors_at
from svfair.metrics.results import BoolArray, FloatArray
from svfair.metrics.settings import OperatingPoint

_BITS = 1 / math.log(2)


def bayes_threshold(point: OperatingPoint) -> float:
    """Return the log-likelihood ratio from which accepting costs less: log of C_fa (1 - P) / (C_miss P)."""
    return math.log(point.c_fa * (1 - point.p_target) / (point.c_miss * point.p_target))


def actual_detection_cost(curve: ErrorCurve, point: OperatingPoint) -> float:
    """Return the normalised detection cost at the Bayes threshold (NIST's actual DCF)."""
    return float(detection_cost(*errors_at(curve, bayes_threshold(point)), point))


def cllr_terms(scores: FloatArray, is_target: BoolArray) -> FloatArray:
    """Return the cost in bits of each trial: log2(1 + exp(-s)) of a target, log2(1 + exp(s)) of others."""
    return np.asarray(_BITS * np.logaddexp(0, np.where(is_target, -scores, scores)), dtype=np.float64)


def cllr(scores: FloatArray, is_target: BoolArray) -> float:
    """Return the cost of log-likelihood ratios, the mean of the two kinds' mean costs.

    Brummer and du Preez, "Application-independent evaluation of speaker detection", Computer Speech and
    Language 20 (2006). 0 for a perfect system, 1 for one whose scores are all 0. NaN when a kind of trial is
    missing.
    """
    terms = cllr_terms(scores, is_target)
    targets = int(np.count_nonzero(is_target))
    if targets in (0, len(scores)):
        return math.nan
    return float((terms[is_target].mean() + terms[~is_target].mean()) / 2)


def min_cllr(curve: ErrorCurve) -> float:
    """Return Cllr after the best rising calibration, found by pooling adjacent violators (same source).

    NaN when a kind of trial is missing.
    """
    if not (curve.targets and curve.non_targets):
        return math.nan
    targets, non_targets = _steps(curve)
    return min_cllr_of_counts(targets * curve.targets, non_targets * curve.non_targets)


def min_cllr_of_counts(targets: FloatArray, non_targets: FloatArray) -> float:
    """Return min Cllr of trials counted by rising score: both arrays of shape (distinct scores,)."""
    counts = targets + non_targets
    used = counts > 0
    targets, non_targets, counts = targets[used], non_targets[used], counts[used]
    share = isotonic_regression(targets / counts, weights=counts).x
    # The posterior share becomes a likelihood ratio by taking out the trials' own prior.
    prior = np.log(targets.sum()) - np.log(non_targets.sum())
    with np.errstate(divide="ignore"):
        ratios = np.log(share) - np.log1p(-share) - prior
    # A ratio of -inf has no targets and one of +inf no non-targets: their product would be NaN, not 0.
    costs = [
        np.where(count > 0, _BITS * np.logaddexp(0, sign * ratios), 0) @ count / count.sum()
        for count, sign in ((targets, -1), (non_targets, 1))
    ]
    return float(sum(costs) / 2)


def hull_equal_error_rate(curve: ErrorCurve) -> float:
    """Return the EER on the convex hull of the ROC, never above the interpolated one.

    Brummer and de Villiers, "The BOSARIS toolkit" (2011). NaN when a kind of trial is missing.
    """
    if not (curve.targets and curve.non_targets):
        return math.nan
    return hull_eer_of_steps(*_steps(curve))


def hull_eer_of_steps(targets: FloatArray, non_targets: FloatArray) -> float:
    """Return the EER on the hull; arrays (distinct scores,) of the share of each kind at a rising score."""
    counts = targets + non_targets
    used = counts > 0
    targets, non_targets = targets[used], non_targets[used]
    blocks = isotonic_regression(targets / counts[used], weights=counts[used]).blocks
    below = blocks[1:-1] - 1
    fnmr = np.r_[0.0, np.cumsum(targets)[below], 1.0]
    fmr = np.r_[1.0, 1 - np.cumsum(non_targets)[below], 0.0]
    after = int(np.argmax(fnmr >= fmr))
    before = after - 1
    gap_before, gap_after = fmr[before] - fnmr[before], fnmr[after] - fmr[after]
    share = gap_before / (gap_before + gap_after)
    return float(fnmr[before] + share * (fnmr[after] - fnmr[before]))


def _steps(curve: ErrorCurve) -> tuple[FloatArray, FloatArray]:
    """Return the share of targets and of non-targets at each distinct score."""
    return np.diff(curve.fnmr), -np.diff(curve.fmr)
