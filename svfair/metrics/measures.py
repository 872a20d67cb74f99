"""Figures of a set of scored trials in one call: scores and labels in, a number out."""

import numpy.typing as npt

from svfair.errors import InputError, Parameter
from svfair.metrics import calibration
from svfair.metrics.detection import ErrorCurve, equal_error, error_curve, minimum_detection_cost
from svfair.metrics.settings import OperatingPoint
from svfair.metrics.trial_set import check_scores


def equal_error_rate(scores: npt.ArrayLike, labels: npt.ArrayLike, *, on_hull: bool = False) -> float:
    """Return the rate at which as many targets are rejected as non-targets are accepted.

    Parameters
    ----------
    scores
        Shape (trials,), finite; higher for the same speaker.
    labels
        Shape (trials,): whether it is the same speaker, true or 1.
    on_hull
        Whether to take it on the convex hull of the ROC, where it is never higher, rather than to
        interpolate between the two thresholds that straddle it.

    Returns
    -------
    float
        A fraction; NaN without target or without non-target trials.

    Raises
    ------
    InputError
        When the arrays cannot be used.

    Examples
    --------
    >>> equal_error_rate([0.9, 0.8, 0.3, 0.7, 0.2, 0.1], [1, 1, 1, 0, 0, 0])
    0.3333333333333333
    """
    curve = _curve(scores, labels)
    return calibration.hull_equal_error_rate(curve) if on_hull else equal_error(curve)[0]


def min_dcf(scores: npt.ArrayLike, labels: npt.ArrayLike, point: OperatingPoint | None = None) -> float:
    """Return the normalised detection cost at the best threshold: see `detection.detection_cost`.

    Parameters and exceptions are those of `equal_error_rate`; `point` has prior and costs, 0.05, 1 and 1 by
    default.

    Examples
    --------
    >>> min_dcf([0.9, 0.8, 0.3, 0.7, 0.2, 0.1], [1, 1, 1, 0, 0, 0], OperatingPoint(p_target=0.01))
    0.3333333333333333
    """
    if point is not None and not isinstance(point, OperatingPoint):
        raise InputError(Parameter("point"), f": must be an OperatingPoint, not {type(point).__name__}")
    return minimum_detection_cost(_curve(scores, labels), point or OperatingPoint())[0]


def cllr(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return what scores cost as natural log-likelihood ratios, in bits: see `calibration.cllr`.

    Parameters and exceptions are those of `equal_error_rate`.

    Examples
    --------
    >>> cllr([0.0, 0.0], [1, 0])
    1.0
    """
    return calibration.cllr(*check_scores(scores, labels))


def min_cllr(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return `cllr` after the best rising calibration of the scores.

    Parameters and exceptions are those of `equal_error_rate`.

    Examples
    --------
    >>> min_cllr([3.0, 1.0, 2.0, 0.0], [1, 1, 0, 0])
    0.5
    """
    return calibration.min_cllr(_curve(scores, labels))


def _curve(scores: npt.ArrayLike, labels: npt.ArrayLike) -> ErrorCurve:
    return error_curve(*check_scores(scores, labels))
