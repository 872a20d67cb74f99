"""From replicates to an interval of confidence."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtrit

from svfair.metrics.results import FloatArray, Interval
from svfair.metrics.settings import IntervalKind

NO_INTERVAL = Interval(math.nan, math.nan)

#: With a larger share of replicates in which a figure does not exist, it has no interval.
_MOST_MISSING = 0.5

#: Two speakers cannot tell how speakers vary.
_FEWEST_SPEAKERS = 3


def interval(
    estimate: float,
    replicates: FloatArray,
    *,
    level: float = 0.95,
    kind: IntervalKind = "percentile",
    speakers: int | None = None,
) -> Interval:
    """Return the interval of a rate, or of a difference of rates.

    Parameters
    ----------
    estimate
        The figure itself.
    replicates
        Shape (replicates,). NaN replicates, in which the figure does not exist, are left out.
    level
        Nominal coverage.
    kind
        `percentile`: between quantiles of the replicates; `basic`: those reflected at the estimate.
    speakers
        How many speakers the figure rests on. Given, quantiles are taken further out, as far as those of
        Student's t with the standard deviation's small-sample factor lie beyond the normal ones (the expanded
        interval of Hesterberg, "What teachers should know about the bootstrap", American Statistician 69,
        2015). Fewer than three speakers have no interval.
    """
    known = _known(estimate, replicates, speakers)
    if known is None:
        return NO_INTERVAL
    tail = tail_outside(level, speakers)
    low, high = (float(end) for end in np.quantile(known, [tail, 1 - tail]))
    return Interval(low, high) if kind == "percentile" else Interval(2 * estimate - high, 2 * estimate - low)


def distance_interval(
    estimate: float,
    deviations: FloatArray,
    *,
    level: float = 0.95,
    speakers: int | None = None,
    lowest: float = 0.0,
    highest: float = math.inf,
) -> Interval:
    """Return the interval of a figure that measures how far groups are apart.

    Gap and std are distances, N(r) of the vector r of the groups' rates, and distances obey the triangle
    inequality: |N(estimate) - N(truth)| <= N(estimate - truth). So the interval is the estimate plus and
    minus a quantile of N(replicate - estimate). It reaches down to 0 where noise alone explains the
    distance. Percentile intervals of N itself do not: noise can only add to a distance, and with no true gap
    at all they never cover it. For two groups the interval is that of their difference, without its sign;
    for more it is cautious.

    Parameters
    ----------
    estimate
        The figure itself.
    deviations
        Shape (replicates,): the distance of each replicate's rates from the estimated ones.
    level, speakers
        See `interval`.
    lowest, highest
        The range of the figure; an end outside it is moved to its bound.
    """
    known = _known(estimate, deviations, speakers)
    if known is None or math.isinf(estimate):
        return NO_INTERVAL
    # An infinite deviation (a group without errors, on a logarithm) stays one: nothing is interpolated.
    reach = float(np.quantile(known, 1 - 2 * tail_outside(level, speakers), method="higher"))
    return Interval(max(lowest, estimate - reach), min(highest, estimate + reach))


def effective_speakers(groups: Sequence[int]) -> int:
    """Return how many speakers a distance between groups rests on, for groups of so many speakers each.

    (sum 1/n)^2 / sum 1/n^3: the degrees of freedom of Welch and Satterthwaite for speakers who vary alike.
    Equal groups count in full; one small group among large ones leaves little more than itself.
    """
    counts = np.asarray(groups, dtype=np.float64)
    return round(float((1 / counts).sum() ** 2 / (1 / counts**3).sum()))


def error_free_interval(level: float, speakers: int) -> Interval:
    """Return the interval of a rate where no speaker has an error, so that no replicate has one either.

    The rate is at most the share of speakers who would ever have an error, and n speakers without one leave
    that below 1 - tail^(1/n): the exact binomial bound, near 3.7 / n for 95 % (Hanley and Lippman-Hand,
    JAMA 249, 1983).
    """
    if speakers < _FEWEST_SPEAKERS:
        return NO_INTERVAL
    return Interval(0.0, 1 - ((1 - level) / 2) ** (1 / speakers))


def _known(estimate: float, replicates: FloatArray, speakers: int | None) -> FloatArray | None:
    known = replicates[~np.isnan(replicates)]
    enough = len(known) >= max(2.0, (1 - _MOST_MISSING) * len(replicates))
    enough = enough and (speakers is None or speakers >= _FEWEST_SPEAKERS)
    return known if enough and not math.isnan(estimate) else None


def tail_outside(level: float, speakers: int | None) -> float:
    """Return the share of replicates to leave out on each side; `interval` says what speakers do to it."""
    tail = (1 - level) / 2
    if speakers is None:
        return tail
    quantile = stdtrit(speakers - 1, tail) * math.sqrt(speakers / (speakers - 1))
    return float(ndtr(quantile))
