"""Intervals of how far groups are apart; `intervals.distance_interval` says why they are made this way."""

import math
from collections.abc import Callable

import numpy as np

from svfair.metrics import fairness
from svfair.metrics.results import Fairness, FloatArray, Interval, Spread

#: `distance_interval` with its level and speakers set.
Bound = Callable[..., Interval]


@np.errstate(divide="ignore", invalid="ignore")
def spread_intervals(
    spread: Spread, estimates: FloatArray, overall: float, replicates: FloatArray, bound: Bound
) -> dict[str, Interval]:
    """Return the intervals of a spread.

    Parameters
    ----------
    spread
        The figures themselves.
    estimates, overall
        Rates of the groups, (groups,), and over all trials.
    replicates
        Shape (replicates, 1 + groups): the rate over all trials first.
    bound
        `distance_interval` with its level and speakers set.
    """
    deviations = replicates[:, 1:] - estimates
    log_ratio = bound(spread.log_ratio, fairness.gap(np.log(replicates[:, 1:]) - np.log(estimates)))
    relative = np.log(replicates[:, 1:]) - np.log(replicates[:, :1]) - (np.log(estimates) - np.log(overall))
    worst = bound(float(np.log(spread.ratio_to_overall)), np.abs(relative).max(-1), lowest=-math.inf)
    return {
        "gap": bound(spread.gap, fairness.gap(deviations)),
        "std": bound(spread.std, fairness.std(deviations)),
        "log_ratio": log_ratio,
        "ratio": _exponential(log_ratio),
        "ratio_to_overall": _exponential(worst),
    }


@np.errstate(divide="ignore", invalid="ignore")
def fairness_intervals(
    found: Fairness,
    estimates: tuple[FloatArray, FloatArray],
    replicates: tuple[FloatArray, FloatArray],
    swept_estimates: tuple[FloatArray, FloatArray],
    swept: tuple[FloatArray, FloatArray],
    bound: Bound,
) -> dict[str, Interval]:
    """Return the intervals of the figures of merit.

    Each is, or is one less, or the exponential of, a weighted sum of distances of FMR and of FNMR.

    Parameters
    ----------
    found
        The figures themselves.
    estimates, replicates
        FMR and FNMR of the groups at the pooled threshold: (groups,) and (replicates, groups).
    swept_estimates, swept
        FMR and FNMR over the sweep of thresholds: (groups, thresholds) and (replicates, groups, thresholds).
    bound
        `distance_interval` with its level and speakers set.
    """
    fmr, fnmr = (own - estimate for own, estimate in zip(replicates, estimates, strict=True))
    log_fmr, log_fnmr = (
        np.log(own) - np.log(estimate) for own, estimate in zip(replicates, estimates, strict=True)
    )
    shares = [
        _relative(own) - _relative(estimate) for own, estimate in zip(replicates, estimates, strict=True)
    ]
    swept_fmr, swept_fnmr = (own - estimate for own, estimate in zip(swept, swept_estimates, strict=True))
    log_inequity = bound(
        float(np.log(found.inequity_rate)),
        fairness.ALPHA * fairness.gap(log_fmr) + (1 - fairness.ALPHA) * fairness.gap(log_fnmr),
    )
    return {
        "fdr": bound(found.fdr, 1 - fairness.fairness_discrepancy_rate(fmr, fnmr), highest=1.0),
        "inequity_rate": _exponential(log_inequity),
        "garbe": bound(
            found.garbe,
            fairness.ALPHA * _mean_distance(shares[0]) + (1 - fairness.ALPHA) * _mean_distance(shares[1]),
            highest=1.0,
        ),
        "area_under_fdr": bound(
            found.area_under_fdr, 1 - fairness.area_under_fdr(swept_fmr, swept_fnmr), highest=1.0
        ),
    }


def _relative(rates: FloatArray) -> FloatArray:
    """Return each group's share of the sum: the Gini coefficient is a distance of these."""
    total = rates.sum(-1, keepdims=True)
    return np.asarray(rates / np.where(total == 0, 1.0, total))


def _mean_distance(shares: FloatArray) -> FloatArray:
    """Return the distance whose value for shares of groups is the Gini coefficient: see `fairness.gini`."""
    distances = np.abs(shares[..., :, None] - shares[..., None, :]).sum((-1, -2))
    return np.asarray(distances / (2 * (shares.shape[-1] - 1)))


def _exponential(interval: Interval) -> Interval:
    return Interval(math.exp(interval.low), math.inf if interval.high > 700 else math.exp(interval.high))
