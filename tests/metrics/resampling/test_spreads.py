"""Intervals of distances against their definition, computed anew from the replicates."""

import math
import warnings
from functools import partial
from itertools import combinations

import numpy as np
import pytest

from svfair.metrics import fairness
from svfair.metrics.fairness import spread
from svfair.metrics.resampling.intervals import distance_interval
from svfair.metrics.resampling.spreads import fairness_intervals, spread_intervals
from svfair.metrics.results import Fairness, Interval

BOUND = partial(distance_interval, level=0.95, speakers=None)


def around(
    estimate: float, deviations: list[float], lowest: float = 0.0, highest: float = math.inf
) -> Interval:
    # With 999 deviations the 95 % quantile that is taken is the 950th from below.
    reach = sorted(deviations)[949]
    return Interval(max(lowest, estimate - reach), min(highest, estimate + reach))


def close(found: Interval, expected: Interval) -> bool:
    return (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_intervals_of_a_spread_are_those_of_a_loop_over_replicates() -> None:
    random = np.random.default_rng(0)
    estimates, overall = np.array([0.05, 0.08, 0.06]), 0.065
    replicates = np.r_[overall, estimates] * np.exp(random.normal(scale=0.1, size=(999, 4)))
    own = spread(dict(zip("abc", estimates, strict=True)), overall)
    found = spread_intervals(own, estimates, overall, replicates, BOUND)
    gaps, stds, logs, worst = [], [], [], []
    for total, *rates in replicates:
        moved = [rate - estimate for rate, estimate in zip(rates, estimates, strict=True)]
        gaps.append(max(moved) - min(moved))
        stds.append(math.sqrt(sum((x - sum(moved) / 3) ** 2 for x in moved) / 3))
        relative = [math.log(rate / estimate) for rate, estimate in zip(rates, estimates, strict=True)]
        logs.append(max(relative) - min(relative))
        worst.append(max(abs(x - math.log(total / overall)) for x in relative))
    assert close(found["gap"], around(0.03, gaps))
    assert close(found["std"], around(float(np.std(estimates)), stds))
    log_ratio = around(math.log(8 / 5), logs)
    assert close(found["log_ratio"], log_ratio)
    assert close(found["ratio"], Interval(math.exp(log_ratio.low), math.exp(log_ratio.high)))
    to_overall = around(math.log(0.08 / 0.065), worst, lowest=-math.inf)
    assert close(found["ratio_to_overall"], Interval(math.exp(to_overall.low), math.exp(to_overall.high)))


@pytest.mark.parametrize(("groups", "noise"), [(2, 0.1), (3, 0.1), (3, 3.0)])
def test_intervals_of_figures_of_merit_are_those_of_a_loop_over_replicates(groups: int, noise: float) -> None:
    random = np.random.default_rng(1)
    fmr, fnmr = np.array([0.01, 0.02, 0.012])[:groups], np.array([0.05, 0.08, 0.3])[:groups]
    swept = np.outer(fmr, [0.1, 1, 10]), np.outer(fnmr, [3, 2, 1])
    noisy = [own * np.exp(random.normal(scale=noise, size=(999, *own.shape))) for own in (fmr, fnmr, *swept)]
    own = Fairness(
        fdr=float(fairness.fairness_discrepancy_rate(fmr, fnmr)),
        inequity_rate=float(fairness.inequity_rate(fmr, fnmr)),
        garbe=float(fairness.garbe(fmr, fnmr)),
        area_under_fdr=float(fairness.area_under_fdr(*swept)),
    )
    found = fairness_intervals(own, (fmr, fnmr), (noisy[0], noisy[1]), swept, (noisy[2], noisy[3]), BOUND)

    def apart(row: np.ndarray) -> float:
        return float(max(row) - min(row))

    def uneven(row: np.ndarray, of: np.ndarray) -> float:
        moved = row / row.sum() - of / of.sum()
        # Divided so that one group with all errors has 1.
        return sum(abs(x - y) for x, y in combinations(moved, 2)) / (groups - 1)

    fdr, inequity, garbe, area = [], [], [], []
    for a, b, c, d in zip(*noisy, strict=True):
        fdr.append((apart(a - fmr) + apart(b - fnmr)) / 2)
        inequity.append((apart(np.log(a / fmr)) + apart(np.log(b / fnmr))) / 2)
        garbe.append((uneven(a, fmr) + uneven(b, fnmr)) / 2)
        heights = [(apart((c - swept[0])[:, k]) + apart((d - swept[1])[:, k])) / 2 for k in range(3)]
        area.append((heights[0] / 2 + heights[1] + heights[2] / 2) / 2)
    assert close(found["fdr"], around(own.fdr, fdr, highest=1.0))
    assert close(found["garbe"], around(own.garbe, garbe, highest=1.0))
    assert close(found["area_under_fdr"], around(own.area_under_fdr, area, highest=1.0))
    log = around(math.log(own.inequity_rate), inequity)
    assert close(found["inequity_rate"], Interval(math.exp(log.low), math.exp(log.high)))
    at_its_bound = [found[name].high == 1 for name in ("fdr", "garbe", "area_under_fdr")]
    assert at_its_bound == [noise > 1] * 3


def test_without_any_false_match_garbe_rests_on_false_non_matches() -> None:
    fmr, fnmr = np.zeros(2), np.array([0.05, 0.08])
    noisy = fnmr * np.exp(np.random.default_rng(0).normal(scale=0.1, size=(999, 2)))
    swept, many = np.zeros((2, 3)), np.zeros((999, 2, 3))
    own = Fairness(1.0, 1.0, float(fairness.garbe(fmr, fnmr)), 1.0)
    found = fairness_intervals(
        own, (fmr, fnmr), (np.zeros((999, 2)), noisy), (swept, swept), (many, many), BOUND
    )
    shares = [abs(a / (a + b) - 5 / 13) for a, b in noisy]
    assert close(found["garbe"], around(own.garbe, shares))


def test_ratios_beyond_all_numbers_are_infinite() -> None:
    estimates = np.array([1e-300, 0.1])
    replicates = np.tile([0.05, 1e-306, 0.1], (99, 1))
    own = spread({"a": estimates[0], "b": estimates[1]}, 0.05)
    found = spread_intervals(own, estimates, 0.05, replicates, BOUND)
    assert found["log_ratio"].high == pytest.approx(math.log(1e305))
    assert found["ratio"].high == math.inf


@pytest.mark.parametrize("estimates", [[0.0, 0.1], [0.0, 0.0], [0.1, 0.1], [math.nan, math.nan]])
@pytest.mark.parametrize("filled", [0.0, 0.1, math.nan])
def test_groups_without_errors_have_intervals_or_none_but_no_half_of_one(
    estimates: list[float], filled: float
) -> None:
    rates = np.array(estimates)
    replicates = np.tile(np.r_[0.05, rates], (99, 1))
    replicates[::3] = filled
    own = spread({"a": estimates[0], "b": estimates[1]}, 0.05)
    merits = Fairness(1.0, float(fairness.inequity_rate(rates, rates)), 0.0, 1.0)
    swept = np.tile(rates[:, None], (1, 3))
    pair = (replicates[:, 1:], replicates[:, 1:])
    many = np.repeat(replicates[:, 1:, None], 3, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = spread_intervals(own, rates, 0.05, replicates, BOUND)
        found |= fairness_intervals(merits, (rates, rates), pair, (swept, swept), (many, many), BOUND)
    for name, own_interval in found.items():
        assert math.isnan(own_interval.low) == math.isnan(own_interval.high), name
        assert not own_interval.low > own_interval.high, name
    if estimates == [0.0, 0.1]:
        assert math.isnan(found["ratio"].high)
        assert math.isnan(found["inequity_rate"].high)
