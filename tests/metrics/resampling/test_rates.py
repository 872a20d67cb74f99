"""Rates of weighted histograms against loops over their bins, one column at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from svfair.metrics.calibration import bayes_threshold, hull_eer_of_steps
from svfair.metrics.resampling.rates import (
    RATES,
    WeightedCurves,
    at_position,
    equal_error_position,
    fmr_positions,
    fnmr_at_fmr,
    mean_costs,
    pooled_position,
    rates_at,
    weighted_curves,
)
from svfair.metrics.settings import OperatingPoint, ThresholdRule

POINT = OperatingPoint(0.2, 2.0, 1.0)
BINS = 12
EDGES = np.linspace(-2, 3, BINS)


def counts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted counts (bins, replicates); targets are missing from one replicate, and others from another."""
    random = np.random.default_rng(seed)
    rise = np.linspace(0.2, 3, BINS)[:, None]
    targets = random.poisson(rise, (BINS, 8)).astype(float)
    others = random.poisson(rise[::-1], (BINS, 8)).astype(float)
    targets[-1, :6] += 1
    others[0, :6] += 1
    targets[:, 6], others[:, 7] = 0, 0
    return targets, others


def naive_curve(targets: np.ndarray, others: np.ndarray) -> list[tuple[float, float]]:
    whole = sum(targets) or math.nan, sum(others) or math.nan
    return [(sum(targets[:n]) / whole[0], sum(others[n:]) / whole[1]) for n in range(len(targets) + 1)]


def naive_crossing(curve: list[tuple[float, float]]) -> float:
    for after in range(1, len(curve)):
        before = [fnmr - fmr for fnmr, fmr in curve[after - 1 : after + 1]]
        if before[1] >= 0:
            return after - 1 + before[0] / (before[0] - before[1])
    return math.nan


def cost_of(fnmr: float, fmr: float) -> float:
    return (0.4 * fnmr + 0.8 * fmr) / 0.4


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_curves_and_positions_are_those_of_loops(seed: int) -> None:
    targets, others = counts(seed)
    found = weighted_curves(targets, others)
    crossing = equal_error_position(found)
    for column in range(8):
        curve = naive_curve(targets[:, column], others[:, column])
        assert_allclose(found.fnmr[:, column], [fnmr for fnmr, _ in curve])
        assert_allclose(found.fmr[:, column], [fmr for _, fmr in curve], atol=1e-15)
        assert_allclose(crossing[column], naive_crossing(curve))
        costs = [cost_of(*both) for both in curve]
        best = math.nan if math.isnan(costs[0]) else costs.index(min(costs))
        chosen = pooled_position(found, ThresholdRule("dcf"), POINT, EDGES)[column]
        assert chosen == pytest.approx(best, nan_ok=True) or costs[int(chosen)] == pytest.approx(min(costs))
    assert_array_equal(pooled_position(found, ThresholdRule(), POINT, EDGES), crossing)
    given_score = pooled_position(found, ThresholdRule("score", 0.5), POINT, EDGES)
    assert_array_equal(given_score, np.full(8, np.count_nonzero(EDGES < 0.5)))
    rate = pooled_position(found, ThresholdRule("fmr", 0.25), POINT, EDGES)
    assert_array_equal(rate, fmr_positions(found, np.array([0.25]))[0])
    assert_allclose(at_position(found.fmr, rate)[:7], 0.25)
    assert math.isnan(rate[7])


def test_a_position_between_edges_lies_between_their_rates() -> None:
    rates = np.array([[0.0, 1.0], [0.5, 0.8], [1.0, 0.0]])
    assert_allclose(at_position(rates, np.array([0.5, 1.25])), [0.25, 0.6])
    assert_allclose(at_position(rates, np.array([2.0, 0.0])), [1.0, 1.0])
    assert_allclose(at_position(rates, np.array([[0.0, 2.0], [1.0, np.nan]])), [[0.0, 0.0], [0.5, np.nan]])


def test_positions_of_a_rate_by_hand() -> None:
    curves = WeightedCurves(
        np.array([[0.0, 0.0], [0.2, 0.2], [1.0, 1.0]]),
        np.array([[1.0, np.nan], [0.4, np.nan], [0.0, np.nan]]),
    )
    # 0.7 is half of the way from 1 to 0.4, and 0.1 three quarters from 0.4 to 0.
    wanted = np.array([0.7, 0.1, 1.0])
    assert_allclose(fmr_positions(curves, wanted), [[0.5, np.nan], [1.75, np.nan], [0.0, np.nan]])
    assert_allclose(fnmr_at_fmr(curves, wanted), [[0.1, np.nan], [0.8, np.nan], [0.0, np.nan]])


@pytest.mark.parametrize("on_hull", [False, True])
def test_rates_are_those_of_each_column_alone(on_hull: bool) -> None:
    targets, others = counts(5)
    curves = weighted_curves(targets, others)
    position = np.array([0.0, 2.5, 4.0, 6.25, 11.5, 12.0, 3.0, 3.0])
    costs = np.arange(16.0).reshape(2, 8)
    hull = {"on_hull": True} if on_hull else {}  # not by default
    found = dict(zip(RATES, rates_at(curves, position, costs, POINT, EDGES, **hull), strict=True))
    bayes = np.count_nonzero(bayes_threshold(POINT) > EDGES)
    for column in range(8):
        curve = naive_curve(targets[:, column], others[:, column])
        low = min(int(position[column]), BINS - 1)
        share = position[column] - low
        fnmr, fmr = ((1 - share) * a + share * b for a, b in zip(curve[low], curve[low + 1], strict=True))
        place = naive_crossing(curve)
        eer = math.nan
        if column < 6 and on_hull:
            steps = (own[:, column] / own[:, column].sum() for own in (targets, others))
            eer = hull_eer_of_steps(*steps)
        elif column < 6:
            eer = np.interp(place, np.arange(BINS + 1), [own for own, _ in curve])
        every = [cost_of(*both) for both in curve]
        expected = [eer, min(every), fnmr, fmr, cost_of(fnmr, fmr), every[bayes], costs[:, column].mean()]
        assert_allclose([found[rate][column] for rate in RATES], expected, atol=1e-12)


def test_mean_costs_are_sums_over_weighted_counts() -> None:
    weights = np.array([[[1.0, 0.0], [3.0, 0.0]], [[2.0, 1.0], [0.0, 1.0]]], dtype=np.float32)
    found = mean_costs(np.array([[8.0, 0.0], [3.0, 5.0]]), weights)
    assert_array_equal(found, [[2.0, np.nan], [1.5, 2.5]])
