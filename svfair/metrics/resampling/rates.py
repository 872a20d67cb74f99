"""Error rates of many weighted histograms at once: one column a replicate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svfair.metrics.calibration import bayes_threshold, hull_eer_of_steps
from svfair.metrics.detection import detection_cost
from svfair.metrics.results import FloatArray
from svfair.metrics.settings import OperatingPoint, ThresholdRule

#: Figures of `DetectionErrors` that are resampled.
RATES = ("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled", "actual_dcf", "cllr")

#: False match rates of the pooled thresholds that `area_under_fdr` sweeps over, evenly spaced on a logarithm.
SWEEP = np.logspace(-3, -1, 9)

#: False match rates at which the bands of DET curves are given.
BAND = np.r_[np.logspace(-4, -1, 25), np.linspace(0.125, 0.6, 16)]


@dataclass(frozen=True)
class WeightedCurves:
    """FNMR and FMR of one group at the edges of the bins, and rejecting all: (bins + 1, replicates)."""

    fnmr: FloatArray
    fmr: FloatArray


def weighted_curves(targets: FloatArray, non_targets: FloatArray) -> WeightedCurves:
    """Turn weighted counts (bins, replicates) into error rates; NaN where a side has no weight."""
    with np.errstate(divide="ignore", invalid="ignore"):
        below = _below(targets)
        fnmr = below / below[-1]
        below = _below(non_targets)
        fmr = (below[-1] - below) / below[-1]
    return WeightedCurves(fnmr, fmr)


def equal_error_position(curves: WeightedCurves) -> FloatArray:
    """Return where FNMR and FMR cross, as a position among the edges; (replicates,)."""
    difference = curves.fnmr - curves.fmr
    # The difference rises, so the number of negative ones is the place of the first other.
    after = np.clip((difference < 0).sum(0), 1, len(difference) - 1)
    columns = np.arange(difference.shape[1])
    low, high = difference[after - 1, columns], difference[after, columns]
    with np.errstate(invalid="ignore"):
        return np.asarray(after - 1 + low / (low - high))


def at_position(rates: FloatArray, position: FloatArray) -> FloatArray:
    """Interpolate rates (edges, replicates) at positions (..., replicates); NaN positions give NaN."""
    before = np.clip(np.nan_to_num(position).astype(np.int64), 0, len(rates) - 2)
    columns = np.broadcast_to(np.arange(rates.shape[1]), before.shape)
    low, high = rates[before, columns], rates[before + 1, columns]
    return np.asarray(low + (position - before) * (high - low))


def pooled_position(
    curves: WeightedCurves, rule: ThresholdRule, point: OperatingPoint, edges: FloatArray
) -> FloatArray:
    """Return the pooled threshold of each replicate as a position among the edges; (replicates,)."""
    if rule.criterion == "eer":
        return equal_error_position(curves)
    if rule.criterion == "score":
        place = np.searchsorted(edges, rule.value, side="left")
        return np.full(curves.fmr.shape[1], float(place))
    if rule.criterion == "fmr":
        return np.asarray(fmr_positions(curves, np.array([rule.value]))[0])
    costs = detection_cost(curves.fnmr, curves.fmr, point)
    best = np.argmin(costs, axis=0)
    return np.where(np.isnan(costs[0]), np.nan, best)


def fmr_positions(curves: WeightedCurves, rates: FloatArray) -> FloatArray:
    """Return the positions at which the FMR is as given: rates (points,) to (points, replicates)."""
    places = np.arange(len(curves.fmr) - 1, -1, -1, dtype=np.float64)
    found = np.full((len(rates), curves.fmr.shape[1]), np.nan)
    for column, fmr in enumerate(np.ascontiguousarray(curves.fmr[::-1].T)):
        if not np.isnan(fmr[0]):
            found[:, column] = np.interp(rates, fmr, places)
    return found


def rates_at(
    curves: WeightedCurves,
    position: FloatArray,
    costs: FloatArray,
    point: OperatingPoint,
    edges: FloatArray,
    *,
    on_hull: bool = False,
) -> FloatArray:
    """Return `RATES` of one group, shape (rates, replicates).

    Parameters
    ----------
    curves
        Of the group.
    position
        Pooled threshold of each replicate, (replicates,).
    costs
        Mean Cllr terms of targets and of non-targets, (2, replicates).
    point, edges
        Operating point, and lowest score of each bin.
    on_hull
        Whether the EER is that of the ROC's convex hull.
    """
    fnmr, fmr = at_position(curves.fnmr, position), at_position(curves.fmr, position)
    if on_hull:
        eer = _hull_eers(curves)
    else:
        eer = at_position(curves.fnmr, equal_error_position(curves))
        eer = np.where(np.isnan(curves.fmr[0]), np.nan, eer)
    bayes = int(np.searchsorted(edges, bayes_threshold(point), side="left"))
    return np.array(
        [
            eer,
            detection_cost(curves.fnmr, curves.fmr, point).min(0),
            fnmr,
            fmr,
            detection_cost(fnmr, fmr, point),
            detection_cost(curves.fnmr[bayes], curves.fmr[bayes], point),
            costs.mean(0),
        ]
    )


def fnmr_at_fmr(curves: WeightedCurves, rates: FloatArray) -> FloatArray:
    """Return FNMR where the FMR is as given: rates (points,) to (points, replicates)."""
    return at_position(curves.fnmr, fmr_positions(curves, rates))


def _below(counts: FloatArray) -> FloatArray:
    total = np.zeros((len(counts) + 1, counts.shape[1]))
    np.cumsum(counts, axis=0, out=total[1:])
    return total


def _hull_eers(curves: WeightedCurves) -> FloatArray:
    steps = np.diff(curves.fnmr, axis=0), -np.diff(curves.fmr, axis=0)
    empty = np.isnan(curves.fnmr[0]) | np.isnan(curves.fmr[0])
    columns: Sequence[int] = range(len(empty))
    return np.array(
        [np.nan if empty[c] else hull_eer_of_steps(steps[0][:, c], steps[1][:, c]) for c in columns]
    )


def mean_costs(sums: FloatArray, curves_counts: npt.NDArray[np.float32]) -> FloatArray:
    """Divide Cllr sums (2, replicates) by the weighted counts (2, bins, replicates) of their trials."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums / curves_counts.sum(1, dtype=np.float64))
