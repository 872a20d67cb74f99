import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.metrics import fairness
from svfair.metrics.fairness import spread

rates = st.lists(st.integers(0, 1000), min_size=2, max_size=6).map(lambda counts: np.array(counts) / 1000)

# Three groups at one threshold.
FMR = np.array([0.01, 0.04, 0.02])
FNMR = np.array([0.10, 0.05, 0.20])


def test_gap_ratio_and_std_by_hand() -> None:
    assert fairness.gap(FMR) == pytest.approx(0.03)
    assert fairness.ratio(FMR) == pytest.approx(4)
    # Mean 0.07 / 3; squares (0.04 / 3)^2 + (0.05 / 3)^2 + (0.01 / 3)^2 = 0.0042 / 9, over 3 groups.
    assert fairness.std(FMR) == pytest.approx(math.sqrt(0.0042 / 27))


def test_fdr_by_hand() -> None:
    # 1 - 0.5 * 0.03 - 0.5 * 0.15 = 0.91; with alpha 0.25: 1 - 0.25 * 0.03 - 0.75 * 0.15 = 0.88.
    assert fairness.fairness_discrepancy_rate(FMR, FNMR) == pytest.approx(0.91)
    assert fairness.fairness_discrepancy_rate(FMR, FNMR, 0.25) == pytest.approx(0.88)


def test_inequity_rate_by_hand() -> None:
    # 4^0.5 * 4^0.5 = 4; with alpha 0.25 still 4. FMR alone doubled at its top: 8^0.5 * 4^0.5 = sqrt(32).
    assert fairness.inequity_rate(FMR, FNMR) == pytest.approx(4)
    assert fairness.inequity_rate(np.array([0.01, 0.08, 0.02]), FNMR) == pytest.approx(math.sqrt(32))


def test_gini_and_garbe_by_hand() -> None:
    # Ordered differences of FMR: 2 * (0.03 + 0.01 + 0.02) = 0.12; 2 n^2 mean = 2 * 9 * 0.07 / 3 = 0.42;
    # 3 / 2 * 0.12 / 0.42 = 3 / 7. FNMR: 2 * (0.05 + 0.10 + 0.15) = 0.6; 2 * 9 * 0.35 / 3 = 2.1; again 3 / 7.
    assert fairness.gini(FMR) == pytest.approx(3 / 7)
    assert fairness.gini(FNMR) == pytest.approx(3 / 7)
    # Two groups of 0.01 and 0.03: 2 * 0.04 / (2 * 4 * 0.02) = 0.5.
    two = np.array([0.01, 0.03])
    assert fairness.gini(two) == pytest.approx(0.5)
    assert fairness.garbe(two, np.array([0.2, 0.2])) == pytest.approx(0.25)
    assert fairness.garbe(two, np.array([0.2, 0.2]), 0.8) == pytest.approx(0.4)
    # One group with all errors has 1, whatever the number of groups.
    for count in (2, 3, 7):
        assert fairness.gini(np.eye(count)[0] / 5) == pytest.approx(1)


def test_area_under_fdr_is_the_trapezoid_over_log_fmr() -> None:
    random = np.random.default_rng(0)
    fmr, fnmr = random.random((2, 4, 3, 9))
    grid = np.logspace(-3, -1, 9)
    fdr = 1 - 0.5 * np.ptp(fmr, axis=1) - 0.5 * np.ptp(fnmr, axis=1)
    width = np.log(grid[-1]) - np.log(grid[0])
    expected = np.trapezoid(fdr, np.log(grid), axis=-1) / width
    np.testing.assert_allclose(fairness.area_under_fdr(fmr, fnmr), expected)


@settings(max_examples=100, deadline=None)
@given(rates, st.floats(0.1, 0.9), st.randoms())
def test_order_of_groups_does_not_matter_and_equal_groups_are_fair(
    x: np.ndarray, alpha: float, random
) -> None:  # type: ignore[no-untyped-def]
    order = random.sample(range(len(x)), len(x))
    for figure in (fairness.gap, fairness.ratio, fairness.std, fairness.gini):
        assert figure(x[order]) == pytest.approx(figure(x))
    assert 0 <= fairness.garbe(x, x[::-1], alpha) <= 1 + 1e-12
    assert 0 <= fairness.fairness_discrepancy_rate(x, x[::-1], alpha) <= 1
    equal = np.full_like(x, x[0])
    assert fairness.fairness_discrepancy_rate(equal, equal, alpha) == 1
    assert fairness.inequity_rate(equal, equal, alpha) == 1
    assert fairness.garbe(equal, equal, alpha) == 0
    assert fairness.std(equal) == pytest.approx(0, abs=1e-12)


def test_serves_many_replicates_as_it_serves_one() -> None:
    fmr, fnmr = np.random.default_rng(1).random((2, 50, 4))
    for figure in (fairness.gap, fairness.ratio, fairness.std, fairness.gini):
        np.testing.assert_allclose(figure(fmr), [figure(row) for row in fmr])
    for merit in (fairness.fairness_discrepancy_rate, fairness.inequity_rate, fairness.garbe):
        np.testing.assert_allclose(merit(fmr, fnmr), [merit(a, b) for a, b in zip(fmr, fnmr, strict=True)])


def test_groups_without_errors_give_no_warning() -> None:
    none, one = np.zeros(3), np.array([0.0, 0.1, 0.2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fairness.ratio(one) == math.inf
        assert fairness.ratio(none) == 1
        assert fairness.inequity_rate(one, none) == math.inf
        assert fairness.garbe(none, none) == 0
        found = spread({"a": 0.0, "b": 0.1}, 0.0)
        assert (found.ratio, found.log_ratio) == (math.inf, math.inf)
        assert math.isnan(found.ratio_to_overall)
        assert spread({"a": 0.0, "b": 0.0}, 0.0).log_ratio == 0


def test_nan_rates_are_left_out_of_a_spread() -> None:
    found = spread({"a": 0.02, "b": math.nan, "c": 0.06}, 0.03)
    assert (found.gap, found.worst_group) == (pytest.approx(0.04), "c")
    assert found.ratio_to_overall == pytest.approx(2)
    assert found.log_ratio == pytest.approx(math.log(3))
    assert math.isnan(spread({"a": 0.1, "b": math.nan}).gap)
    assert spread({}).worst_group == ""
    for too_few in ({}, {"a": 0.1}, {"a": 0.1, "b": math.nan}):
        none = spread(too_few, 0.03)
        figures = (none.gap, none.ratio, none.std, none.log_ratio, none.ratio_to_overall)
        assert all(math.isnan(figure) for figure in figures)
