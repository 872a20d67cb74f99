"""How much further, or less far, apart the groups of one system are than those of another.

A distance N (gap, std) is convex, so its error is bounded by errors along its own slopes: with the estimate
r' = r + c of rates r, N(r') - N(r) is at most slope(r') . c and at least slope(r) . c. The slope at the
estimate is known (for a gap: one at the worst group, minus one at the best). That at the truth is not, where
noise could have made another group the worst; then every slope is taken that replicates show often. Where the
worst and best group are plain in both systems this is the paired interval of a difference of differences;
where they are not it is wider, and it holds in both cases.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from svfair.metrics.resampling.intervals import NO_INTERVAL, tail_outside
from svfair.metrics.results import FloatArray, Interval

#: A slope that replicates show is one that the truth may have when it is at least this many times as frequent
#: as the most frequent one; of slopes that vary continuously, when it is among this share of those nearest
#: to the estimate's. Fewer miss the truth where groups are nearly equal, more widen the intervals: chosen by
#: simulation with two, three and six groups.
_PLAUSIBLE = 0.4

#: How many slopes stand for those that vary continuously.
_SLOPES = 64

#: A relative change beyond this is reported as unbounded.
_LARGEST_RATIO = 1e3


@dataclass(frozen=True)
class DistanceSample:
    """A distance of one system.

    Parameters
    ----------
    value
        The distance of the estimated rates.
    along_own
        Shape (replicates,): deviations of the replicates along the slope at the estimate.
    along_all
        Shape (replicates, slopes): along each slope that the truth may have.
    """

    value: float
    along_own: FloatArray
    along_all: FloatArray


def gap_slopes(rates: FloatArray) -> FloatArray:
    """Return the slope of max - min at rates (..., groups): 1 at the largest, -1 at the smallest."""
    groups = np.arange(rates.shape[-1])
    worst, best = rates.argmax(-1)[..., None], rates.argmin(-1)[..., None]
    return np.asarray((groups == worst).astype(np.float64) - (groups == best))


def std_slopes(rates: FloatArray) -> FloatArray:
    """Return the slope of the population standard deviation at rates (..., groups); 0 where it is 0."""
    centred = rates - rates.mean(-1, keepdims=True)
    size = np.sqrt((centred**2).mean(-1, keepdims=True))
    return np.asarray(centred / (rates.shape[-1] * np.where(size > 0, size, 1.0)))


def sample_distance(
    value: float,
    estimates: FloatArray,
    replicates: FloatArray,
    slopes: Callable[[FloatArray], FloatArray],
) -> DistanceSample:
    """Summarise the replicates of one system's groups.

    Parameters
    ----------
    value
        The distance of the estimates.
    estimates, replicates
        Rates of the groups, (groups,) and (replicates, groups).
    slopes
        Of the distance, for rates (..., groups).
    """
    deviations = replicates - estimates
    own = slopes(estimates)
    # A replicate without one of the groups has no slope.
    known = replicates[~np.isnan(replicates).any(-1)]
    found, counts = np.unique(slopes(known).round(9), axis=0, return_counts=True)
    if len(found) > _SLOPES:
        sample = slopes(known[:_SLOPES])
        nearest_first = np.argsort(-(sample @ own), kind="stable")
        found = sample[nearest_first[: round(_PLAUSIBLE * len(sample))]]
    else:
        found = found[counts >= _PLAUSIBLE * counts.max(initial=0)]
    candidates = np.vstack([own, found])
    return DistanceSample(value, deviations @ own, deviations @ candidates.T)


def difference_interval(
    baseline: DistanceSample,
    other: DistanceSample,
    level: float,
    speakers: int | None,
    ratio: float = 1.0,
) -> Interval:
    """Return the interval of other - ratio * baseline, both distances."""
    highest = (other.along_own[:, None] - ratio * baseline.along_all).max(1)
    lowest = (other.along_all - ratio * baseline.along_own[:, None]).min(1)
    known = ~np.isnan(highest)  # and so is the lowest: a replicate without a group is NaN along every slope
    if known.sum() < max(2.0, len(known) / 2):
        return NO_INTERVAL
    tail = tail_outside(level, speakers)
    difference = other.value - ratio * baseline.value
    return Interval(
        float(difference - np.quantile(highest[known], 1 - tail)),
        float(difference - np.quantile(lowest[known], tail)),
    )


def relative_interval(
    baseline: DistanceSample, other: DistanceSample, level: float, speakers: int | None
) -> Interval:
    """Return the interval of other / baseline - 1.

    It holds the ratios at which other - ratio * baseline could be 0 (Fieller, "Some problems in interval
    estimation", Journal of the Royal Statistical Society B 16, 1954): where the baseline's distance could be
    0 it has no upper end, as no ratio can then be ruled out.
    """
    if not baseline.value > 0 or math.isnan(other.value):
        return NO_INTERVAL

    def ends(ratio: float) -> Interval:
        return difference_interval(baseline, other, level, speakers, ratio)

    if math.isnan(ends(1.0).low):
        return NO_INTERVAL
    middle = other.value / baseline.value
    low = _crossing(lambda ratio: ends(ratio).low <= 0, middle, 0.0)
    high = _crossing(lambda ratio: ends(ratio).high >= 0, middle, _LARGEST_RATIO)
    return Interval(low - 1, math.inf if high >= _LARGEST_RATIO else high - 1)


def _crossing(holds: Callable[[float], bool], inside: float, bound: float) -> float:
    """Return how far from `inside` towards `bound` a condition holds, by bisection."""
    if holds(bound):
        return bound
    outside = bound
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
