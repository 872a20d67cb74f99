import math

import numpy as np
import pytest
from scipy import stats

from svfair.metrics.resampling.intervals import (
    NO_INTERVAL,
    distance_interval,
    effective_speakers,
    error_free_interval,
    interval,
    tail_outside,
)

RAMP = np.arange(1001) / 1000  # its quantile q is q itself


def test_percentile_interval_lies_between_quantiles() -> None:
    found = interval(0.4, RAMP, level=0.9)
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.95))


def test_basic_interval_is_reflected_at_the_estimate() -> None:
    # 2 * 0.4 - 0.95 and 2 * 0.4 - 0.05.
    found = interval(0.4, RAMP, level=0.9, kind="basic")
    assert (found.low, found.high) == (pytest.approx(-0.15), pytest.approx(0.75))


def test_few_speakers_widen_the_tails_as_students_t_does() -> None:
    # Ten speakers: t(0.025, 9) = -2.262157; times sqrt(10 / 9) = -2.384525; Phi of it = 0.008551.
    assert tail_outside(0.95, 10) == pytest.approx(0.008551, abs=2e-6)
    assert stats.t.ppf(0.025, 9) == pytest.approx(-2.262157, abs=1e-6)
    found = interval(0.4, RAMP, speakers=10)
    assert (found.low, found.high) == (pytest.approx(0.008551, abs=1e-5), pytest.approx(0.991449, abs=1e-5))
    assert tail_outside(0.95, None) == pytest.approx(0.025)
    assert tail_outside(0.95, 100_000) == pytest.approx(0.025, abs=1e-5)
    tails = [tail_outside(0.95, speakers) for speakers in (3, 5, 10, 40, 1000)]
    assert tails == sorted(tails)


def test_missing_replicates_are_left_out_up_to_half() -> None:
    half = np.r_[RAMP, np.full(1001, np.nan)]
    assert interval(0.4, half) == interval(0.4, RAMP)
    assert distance_interval(0.4, half) == distance_interval(0.4, RAMP)
    for made in (interval, distance_interval):
        for estimate, replicates in (
            (0.4, np.r_[half, np.nan]),
            (0.4, np.full(5, np.nan)),
            (0.4, np.array([0.5])),
            (math.nan, RAMP),
        ):
            found = made(estimate, replicates)
            assert math.isnan(found.low)
            assert math.isnan(found.high)
    assert math.isnan(NO_INTERVAL.low)


def test_distance_interval_by_hand() -> None:
    # The 90 % quantile of the deviations is 0.9 on either side; a distance is not below 0.
    found = distance_interval(1.2, RAMP, level=0.9)
    assert (found.low, found.high) == (pytest.approx(0.3), pytest.approx(2.1))
    found = distance_interval(0.4, RAMP, level=0.9, highest=1.0)
    assert (found.low, found.high) == (0.0, 1.0)
    found = distance_interval(0.4, RAMP, level=0.9, lowest=-math.inf)
    assert found.low == pytest.approx(-0.5)


def test_distance_interval_with_infinite_deviations_is_unbounded_not_nan() -> None:
    found = distance_interval(0.4, np.r_[RAMP, np.full(100, np.inf)], level=0.95)
    assert (found.low, found.high) == (0.0, math.inf)
    assert math.isnan(distance_interval(math.inf, RAMP).low)


@pytest.mark.parametrize(("shift", "groups"), [(0.0, 2), (0.0, 4), (3.0, 2), (3.0, 4)])
def test_distance_intervals_cover_no_gap_as_well_as_a_planted_one(shift: float, groups: int) -> None:
    # Means of groups with known noise: the gap's interval holds the truth in at least 95 % of data sets.
    random = np.random.default_rng(0)
    truth = np.zeros(groups)
    truth[0] = shift
    covered = at_zero = 0
    for _ in range(400):
        estimate = truth + random.normal(size=groups)
        replicates = estimate + random.normal(size=(400, groups))
        found = distance_interval(float(np.ptp(estimate)), np.ptp(replicates - estimate, axis=1))
        covered += found.low <= shift <= found.high
        at_zero += found.low == 0
    # Three standard errors of 400 draws below 95 %; with two groups it is no wider than need be.
    assert covered / 400 > 0.917
    assert groups > 2 or covered / 400 < 0.983
    if not shift:
        assert at_zero / 400 > 0.917


def test_effective_speakers_by_hand() -> None:
    assert effective_speakers([20, 20]) == 40
    assert effective_speakers([7, 7, 7]) == 21
    # (1/5 + 1/1000)^2 / (1/125 + 1e-9) = 0.040401 / 0.008 = 5.05.
    assert effective_speakers([5, 1000]) == 5
    # (1/10 + 1/40)^2 / (1/1000 + 1/64000) = 0.015625 / 0.001015625 = 15.38.
    assert effective_speakers([10, 40]) == 15


def test_no_errors_of_n_speakers_leave_a_rate_of_a_few_in_n() -> None:
    # With a rate p, ten speakers without an error have probability (1 - p)^10 = 2.5 %: p = 30.85 %.
    found = error_free_interval(0.95, 10)
    assert (found.low, found.high) == (0, pytest.approx(0.3084971, abs=1e-7))
    assert error_free_interval(0.9, 3).high == pytest.approx(1 - 0.05 ** (1 / 3))
    assert math.isnan(error_free_interval(0.95, 2).high)
