import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.metrics.resampling.changes import (
    DistanceSample,
    difference_interval,
    gap_slopes,
    relative_interval,
    sample_distance,
    std_slopes,
)
from svfair.metrics.resampling.intervals import interval


def sample(rates: list[float], noise: np.ndarray, slopes=gap_slopes) -> DistanceSample:  # type: ignore[no-untyped-def]
    estimates = np.array(rates)
    value = float(np.ptp(estimates) if slopes is gap_slopes else estimates.std())
    return sample_distance(value, estimates, estimates + noise, slopes)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=6, unique=True))
def test_slopes_are_finite_differences(numbers: list[int]) -> None:
    rates, step = np.array(numbers) / 50, 1e-7
    for slopes, distance in ((gap_slopes, np.ptp), (std_slopes, np.std)):
        numeric = [
            (distance(rates + step * row) - distance(rates - step * row)) / (2 * step)
            for row in np.eye(len(rates))
        ]
        np.testing.assert_allclose(slopes(rates), numeric, atol=1e-6)
        np.testing.assert_allclose(slopes(np.stack([rates, rates[::-1]]))[1], slopes(rates[::-1]))


def test_slopes_that_replicates_show_often_enough_are_ones_the_truth_may_have() -> None:
    estimates = np.array([0.06, 0.05])
    for turned, considered in ((39, 1), (40, 2), (100, 2)):
        # In so many replicates for a hundred others the second group is the worst.
        replicates = np.tile(estimates, (100 + turned, 1))
        replicates[:turned] = estimates[::-1]
        found = sample_distance(0.01, estimates, replicates, gap_slopes)
        assert found.along_all.shape == (100 + turned, 1 + considered)
    # Slopes that vary continuously: of 64 that stand for them, two fifths are near enough.
    noise = np.random.default_rng(0).normal(scale=0.01, size=(300, 3))
    assert sample([0.05, 0.06, 0.08], noise, std_slopes).along_all.shape == (300, 1 + 26)


@pytest.mark.parametrize(("value", "high"), [(0.0999, 998.0), (0.1001, math.inf)])
def test_a_thousand_times_as_much_is_reported_as_unbounded(value: float, high: float) -> None:
    still = np.zeros((50, 2))
    found = relative_interval(sample([1e-4, 0.0], still), sample([value, 0.0], still), 0.95, None)
    assert found.high == pytest.approx(high)


def test_slopes_of_equal_groups_are_finite() -> None:
    np.testing.assert_array_equal(std_slopes(np.full(3, 0.5)), 0)
    assert np.isfinite(gap_slopes(np.full(3, 0.5))).all()


def test_two_groups_with_clear_gaps_have_the_paired_basic_interval() -> None:
    random = np.random.default_rng(0)
    shared = random.normal(scale=0.002, size=(1000, 2))
    first, second = shared + random.normal(scale=0.001, size=(2, 1000, 2))
    baseline, other = sample([0.10, 0.05], first), sample([0.06, 0.03], second)
    found = difference_interval(baseline, other, 0.95, 40)
    # The gap of each is its first rate less its second, in every replicate.
    gaps = (0.06 + second[:, 0] - 0.03 - second[:, 1]) - (0.10 + first[:, 0] - 0.05 - first[:, 1])
    expected = interval(0.03 - 0.05, gaps, kind="basic", speakers=40)
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    # For the population std of two groups everything is half as large.
    halved = difference_interval(
        sample([0.10, 0.05], first, std_slopes), sample([0.06, 0.03], second, std_slopes), 0.95, 40
    )
    assert (halved.low, halved.high) == (pytest.approx(found.low / 2), pytest.approx(found.high / 2))


@pytest.mark.parametrize("slopes", [gap_slopes, std_slopes])
@pytest.mark.parametrize("gaps", [(0.0, 0.0), (0.05, 0.0), (0.0, 0.05), (0.06, 0.05)])
def test_intervals_cover_the_true_change(slopes, gaps: tuple[float, float]) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        own = []
        for gap in gaps:
            rates = np.array([0.1 + gap, 0.1]) + random.normal(scale=0.01, size=2)
            own.append(sample(list(rates), random.normal(scale=0.01, size=(300, 2)), slopes))
        found = difference_interval(own[0], own[1], 0.95, None)
        truth = (gaps[1] - gaps[0]) / (1 if slopes is gap_slopes else 2)
        held += found.low <= truth <= found.high
    assert held / 300 > 0.91


def test_relative_interval_holds_the_ratios_at_which_the_difference_may_be_0() -> None:
    random = np.random.default_rng(1)
    baseline = sample([0.10, 0.04, 0.05], random.normal(scale=0.003, size=(800, 3)))
    other = sample([0.06, 0.03, 0.04], random.normal(scale=0.003, size=(800, 3)))
    found = relative_interval(baseline, other, 0.95, 60)
    assert found.low < 0.03 / 0.06 - 1 < found.high
    for ratio in np.linspace(0.0, 2.0, 81):
        difference = difference_interval(baseline, other, 0.95, 60, ratio)
        assert (difference.low <= 0 <= difference.high) == (found.low <= ratio - 1 <= found.high)


def test_relative_interval_is_unbounded_where_the_baseline_may_be_0() -> None:
    random = np.random.default_rng(2)
    baseline = sample([0.050, 0.049], random.normal(scale=0.01, size=(800, 2)))
    other = sample([0.08, 0.03], random.normal(scale=0.003, size=(800, 2)))
    assert relative_interval(baseline, other, 0.95, None).high == math.inf
    none = sample([0.05, 0.05], random.normal(scale=0.01, size=(800, 2)))
    found = relative_interval(none, other, 0.95, None)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("slopes", [gap_slopes, std_slopes])
def test_replicates_in_which_a_group_vanishes_change_little(slopes) -> None:  # type: ignore[no-untyped-def]
    # Groups are nearly equal, so that the slope the other way round must stay among those considered.
    random = np.random.default_rng(3)
    whole, full, holed = random.normal(scale=0.01, size=(3, 1000, 2))
    holed = full.copy()
    holed[::8, 0] = np.nan
    baseline = sample([0.06, 0.05], whole, slopes)
    complete, missing = (sample([0.0505, 0.05], noise, slopes) for noise in (full, holed))
    assert complete.along_all.shape == missing.along_all.shape
    for first, second in (
        (difference_interval(baseline, complete, 0.95, 50), difference_interval(baseline, missing, 0.95, 50)),
        (difference_interval(complete, baseline, 0.95, 50), difference_interval(missing, baseline, 0.95, 50)),
    ):
        assert second.low == pytest.approx(first.low, rel=0.1)
        assert second.high == pytest.approx(first.high, rel=0.1)


@pytest.mark.parametrize("slopes", [gap_slopes, std_slopes])
def test_without_replicates_there_is_no_interval(slopes) -> None:  # type: ignore[no-untyped-def]
    nothing = sample([0.1, 0.05], np.full((50, 2), np.nan), slopes)
    some = sample([0.1, 0.05], np.random.default_rng(0).normal(scale=0.01, size=(50, 2)), slopes)
    for baseline, other in ((nothing, some), (some, nothing), (nothing, nothing)):
        assert math.isnan(difference_interval(baseline, other, 0.95, None).low)
        assert math.isnan(relative_interval(baseline, other, 0.95, None).high)


def test_half_of_the_replicates_are_enough() -> None:
    noise = np.random.default_rng(4).normal(scale=0.01, size=(100, 2))
    whole = sample([0.1, 0.05], noise)
    for missing, exists in ((50, True), (51, False)):
        holed = noise.copy()
        holed[:missing] = np.nan
        one = sample([0.1, 0.05], holed)
        for baseline, other in ((one, whole), (whole, one)):
            assert math.isnan(difference_interval(baseline, other, 0.95, None).low) != exists
    for count, exists in ((2, True), (1, False)):
        few = sample([0.1, 0.05], noise[:count])
        assert math.isnan(difference_interval(few, few, 0.95, None).low) != exists
