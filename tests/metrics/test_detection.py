import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from svfair.metrics.detection import (
    detection_cost,
    equal_error,
    error_curve,
    errors_at,
    minimum_detection_cost,
    thin,
)
from svfair.metrics.settings import OperatingPoint

# Few distinct values, so that ties within and across classes are the rule.
trials = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(target for _, target in rows) < len(rows)
)


def sklearn_metrics():  # type: ignore[no-untyped-def]
    return pytest.importorskip("sklearn.metrics", reason="needs scikit-learn to compare with")


def naive_rates(rows: list[tuple[int, bool]], threshold: float) -> tuple[float, float]:
    targets = [score for score, target in rows if target]
    others = [score for score, target in rows if not target]
    fnmr = sum(score < threshold for score in targets) / len(targets)
    fmr = sum(score >= threshold for score in others) / len(others)
    return fnmr, fmr


def naive_eer(rows: list[tuple[int, bool]]) -> float:
    points = [naive_rates(rows, t) for t in [*sorted({score for score, _ in rows}), math.inf]]
    for (fnmr_a, fmr_a), (fnmr_b, fmr_b) in pairwise(points):
        if fnmr_b >= fmr_b:
            share = (fmr_a - fnmr_a) / ((fmr_a - fnmr_a) + (fnmr_b - fmr_b))
            return fnmr_a + share * (fnmr_b - fnmr_a)
    raise AssertionError("the rates must cross")


def curve_of(rows: list[tuple[int, bool]]):  # type: ignore[no-untyped-def]
    scores = np.array([score for score, _ in rows], dtype=np.float64)
    return error_curve(scores, np.array([target for _, target in rows]))


@settings(max_examples=200, deadline=None)
@given(trials)
def test_curve_matches_counting(rows: list[tuple[int, bool]]) -> None:
    curve = curve_of(rows)
    assert curve.thresholds.tolist() == [*sorted({float(score) for score, _ in rows}), math.inf]
    for threshold, fnmr, fmr in zip(curve.thresholds, curve.fnmr, curve.fmr, strict=True):
        assert (fnmr, fmr) == pytest.approx(naive_rates(rows, threshold))
    assert (curve.fnmr[0], curve.fmr[0]) == (0, 1)
    assert (curve.fnmr[-1], curve.fmr[-1]) == (1, 0)


@settings(max_examples=200, deadline=None)
@given(trials)
def test_eer_matches_a_search_over_thresholds(rows: list[tuple[int, bool]]) -> None:
    eer, threshold = equal_error(curve_of(rows))
    assert eer == pytest.approx(naive_eer(rows))
    assert math.isfinite(threshold) or naive_rates(rows, math.inf) == (1, 0)
    fnmr, fmr = naive_rates(rows, threshold)
    closest = min(abs(np.subtract(*naive_rates(rows, t))) for t, _ in [*rows, (math.inf, True)])
    assert abs(fnmr - fmr) == pytest.approx(closest)


@settings(max_examples=100, deadline=None)
@given(trials, st.randoms())
def test_order_of_the_file_does_not_matter(rows: list[tuple[int, bool]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(rows, len(rows))
    assert equal_error(curve_of(rows)) == equal_error(curve_of(shuffled))


@settings(max_examples=100, deadline=None)
@given(trials, st.floats(0.01, 0.99), st.floats(0.1, 10), st.floats(0.1, 10))
def test_min_dcf_matches_a_search(rows: list[tuple[int, bool]], p: float, miss: float, fa: float) -> None:
    point = OperatingPoint(p, miss, fa)
    costs = []
    for threshold in [*{score for score, _ in rows}, math.inf]:
        fnmr, fmr = naive_rates(rows, threshold)
        costs.append(miss * p * fnmr + fa * (1 - p) * fmr)
    expected = min(costs) / min(miss * p, fa * (1 - p))
    assert minimum_detection_cost(curve_of(rows), point)[0] == pytest.approx(expected)
    assert expected <= 1 + 1e-9


def test_agrees_with_scikit_learn_between_its_points() -> None:
    random = np.random.default_rng(0)
    target = random.random(5000) < 0.3
    scores = random.normal(size=5000) + 2 * target
    fmr, tpr, _ = sklearn_metrics().roc_curve(target, scores, drop_intermediate=False)
    crossing = np.interp(0, (1 - tpr - fmr)[::-1], fmr[::-1])
    assert equal_error(error_curve(scores, target))[0] == pytest.approx(crossing, abs=1e-12)


def test_gaussian_scores_reach_their_closed_form() -> None:
    # Two normal distributions d apart have EER = Phi(-d / 2).
    random = np.random.default_rng(1)
    count, distance = 200_000, 3.0
    target = np.arange(2 * count) < count
    scores = random.normal(size=2 * count) + distance * target
    expected = norm.cdf(-distance / 2)
    eer, threshold = equal_error(error_curve(scores, target))
    assert eer == pytest.approx(expected, abs=4 * math.sqrt(expected / count))
    assert threshold == pytest.approx(distance / 2, abs=0.03)


@pytest.mark.parametrize(
    ("scores", "target", "expected"),
    [
        ([1.0, 1.0, 1.0, 1.0], [1, 1, 0, 0], 0.5),  # all tied
        ([3.0, 2.0, 1.0, 0.0], [1, 1, 0, 0], 0.0),  # perfect
        ([0.0, 1.0, 2.0, 3.0], [1, 1, 0, 0], 1.0),  # inverted
        ([1.0, 2.0, 3.0, 0.0], [1, 1, 1, 0], 0.0),  # one non-target
        ([2.0, 1.0, 0.0, 3.0], [1, 0, 0, 0], 1 / 3),  # one target: crosses at FMR 1/3
        ([-1e300, 1e300], [0, 1], 0.0),
    ],
)
def test_special_cases(scores: list[float], target: list[int], expected: float) -> None:
    eer, _ = equal_error(error_curve(np.array(scores), np.array(target, dtype=np.bool_)))
    assert eer == pytest.approx(expected)


@pytest.mark.parametrize("target", [True, False])
def test_an_empty_side_is_nan(target: bool) -> None:
    curve = error_curve(np.array([1.0, 2.0]), np.array([target, target]))
    assert all(math.isnan(value) for value in equal_error(curve))
    assert all(math.isnan(value) for value in minimum_detection_cost(curve, OperatingPoint()))
    fnmr, fmr = errors_at(curve, 1.5)
    assert math.isnan(fmr if target else fnmr)
    assert (fnmr if target else fmr) == 0.5
    empty = error_curve(np.array([]), np.array([], dtype=np.bool_))
    assert math.isnan(equal_error(empty)[0])


@settings(max_examples=100, deadline=None)
@given(trials, st.floats(-6, 6))
def test_errors_at_a_threshold_match_counting(rows: list[tuple[int, bool]], threshold: float) -> None:
    assert errors_at(curve_of(rows), threshold) == pytest.approx(naive_rates(rows, threshold))


def test_thinned_curve_keeps_ends_and_tails() -> None:
    random = np.random.default_rng(2)
    target = np.arange(100_000) < 50_000
    curve = error_curve(random.normal(size=100_000) + 3 * target, target)
    thinned = thin(curve, 300)
    assert 100 < len(thinned.fmr) <= 300
    assert (thinned.fmr[0], thinned.fnmr[0]) == (1, 0)
    assert (thinned.fmr[-1], thinned.fnmr[-1]) == (0, 1)
    for rate in (1e-4, 1e-3, 1e-2, 0.1):
        assert np.min(np.abs(np.log(thinned.fmr[thinned.fmr > 0] / rate))) < 0.2
        assert np.min(np.abs(np.log(thinned.fnmr[thinned.fnmr > 0] / rate))) < 0.2


def test_curve_is_that_of_scikit_learns_det_curve_and_roc_curve() -> None:
    random = np.random.default_rng(3)
    target = random.random(2000) < 0.3
    scores = (random.normal(size=2000) + 2 * target).round(1)
    curve = error_curve(scores, target)
    fmr, tpr, thresholds = sklearn_metrics().roc_curve(target, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fmr, fmr[::-1], atol=1e-15)
    np.testing.assert_allclose(1 - curve.fnmr, tpr[::-1], atol=1e-15)
    np.testing.assert_array_equal(curve.thresholds, thresholds[::-1])
    # det_curve leaves out the flat ends, and lists the points by falling FMR.
    fmr, fnmr, thresholds = sklearn_metrics().det_curve(target, scores)
    chosen = np.searchsorted(curve.thresholds, thresholds)
    np.testing.assert_allclose(curve.fmr[chosen], fmr, atol=1e-15)
    np.testing.assert_allclose(curve.fnmr[chosen], fnmr, atol=1e-15)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 3000))
def test_rates_are_the_nearest_floats_to_their_fractions(count: int, accepted: int) -> None:
    # 1 - 99 / 100 is not 0.01, and a threshold for an FMR of 0.01 would then be missed.
    accepted = min(count, accepted)
    scores = np.r_[np.zeros(count - accepted), np.ones(accepted), 1.0]
    fnmr, fmr = errors_at(error_curve(scores, np.arange(count + 1) == count), 1.0)
    assert (fnmr, fmr) == (0.0, accepted / count)


def test_float32_scores_with_long_ties_are_one_threshold_each() -> None:
    random = np.random.default_rng(4)
    target = random.random(50_000) < 0.5
    scores = np.float32(random.normal(size=50_000) + target).round(1)
    curve = error_curve(scores, target)
    assert len(curve.thresholds) == len(set(scores.tolist())) + 1 < 150
    fnmr, fmr = errors_at(curve, float(np.float32(0.7)))
    assert fnmr == np.mean(scores[target] < np.float32(0.7))
    assert fmr == np.mean(scores[~target] >= np.float32(0.7))


def test_detection_cost_by_hand() -> None:
    # 10 * 0.01 * 0.2 + 1 * 0.99 * 0.1 = 0.119; the better of accept-all and reject-all costs 0.1.
    assert detection_cost(0.2, 0.1, OperatingPoint(0.01, 10.0, 1.0)) == pytest.approx(1.19)


def test_end_points_accept_all_and_reject_all() -> None:
    curve = error_curve(np.array([1.0, 2.0, 3.0]), np.array([False, True, True]))
    assert errors_at(curve, -math.inf) == (0, 1)
    assert errors_at(curve, 1.0) == (0, 1)
    assert errors_at(curve, math.inf) == (1, 0)
    assert errors_at(curve, 3.5) == (1, 0)
    # With misses that cost nothing much, rejecting all is best, and the threshold says so.
    wrong = error_curve(np.array([1.0, 2.0]), np.array([True, False]))
    assert minimum_detection_cost(wrong, OperatingPoint(0.01)) == (pytest.approx(1.0), math.inf)


@pytest.mark.parametrize(
    "values", [{"p_target": 0.0}, {"p_target": 1.0}, {"c_miss": 0.0}, {"c_fa": math.inf}]
)
def test_operating_points_without_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not"):
        OperatingPoint(**values)


@pytest.mark.parametrize("points", [20, 31, 300])
def test_a_thinned_curve_has_the_points_nearest_to_a_grid_of_either_rate(points: int) -> None:
    random = np.random.default_rng(5)
    target = np.arange(4000) < 1000
    curve = error_curve(random.normal(size=4000) + 2 * target, target)
    grid = [0.0, *(1 / (1 + math.exp(-x)) for x in np.linspace(-12, 12, points // 2 - 2)), 1.0]
    chosen = {next(n for n, fnmr in enumerate(curve.fnmr) if fnmr >= rate) for rate in grid}
    chosen |= {max(n for n, fmr in enumerate(curve.fmr) if fmr >= rate) for rate in grid}
    found = thin(curve, points) if points != 300 else thin(curve)
    assert found.fmr.tolist() == [curve.fmr[n] for n in sorted(chosen)]
    assert found.fnmr.tolist() == [curve.fnmr[n] for n in sorted(chosen)]


def test_curves_that_are_short_or_have_one_side_are_kept_whole() -> None:
    target = np.arange(299) % 2 == 0
    # With infinity these are as many points as may be.
    whole = error_curve(np.arange(299.0), target)
    assert len(thin(whole, 300).fmr) == 300
    assert len(thin(whole, 299).fmr) < 299
    for side in (True, False):
        assert len(thin(error_curve(np.arange(299.0), np.full(299, side)), 100).fmr) == 300
