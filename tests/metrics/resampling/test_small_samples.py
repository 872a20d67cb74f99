"""What the definitions of the EER do with 60 target and 60 non-target trials, and at the ends."""

import math

import numpy as np
import pytest
from measuring import measure
from scipy.stats import norm

from svfair.metrics.calibration import hull_equal_error_rate
from svfair.metrics.detection import equal_error, error_curve
from svfair.metrics.results import DetectionErrors
from svfair.metrics.settings import ThresholdRule


def mean_errors(true: float, count: int, sets: int) -> tuple[float, float]:
    random = np.random.default_rng(0)
    target = np.arange(2 * count) < count
    found = []
    for _ in range(sets):
        # Two normals d apart have EER = Phi(-d / 2).
        curve = error_curve(random.normal(size=2 * count) - 2 * norm.ppf(true) * target, target)
        found.append((equal_error(curve)[0], hull_equal_error_rate(curve)))
    interpolated, hull = np.mean(found, axis=0)
    return float(interpolated), float(hull)


def test_at_60_and_60_trials_the_interpolated_eer_is_right_and_the_hull_is_1_point_of_10_too_low() -> None:
    # The interpolated EER is a tenth of a point low, within noise of none; the hull passes below the chance
    # wiggles of the curve, and tells 8.9 % for a system of 10 %. 1,500 sets: standard error 0.07 points.
    interpolated, hull = mean_errors(0.1, 60, 1500)
    assert interpolated == pytest.approx(0.1 - 0.0009, abs=0.0021)
    assert hull == pytest.approx(0.1 - 0.0112, abs=0.0021)


def test_the_bias_of_the_hull_shrinks_with_more_trials() -> None:
    # A quarter of the way: half of a point at 240 + 240.
    interpolated, hull = mean_errors(0.1, 240, 600)
    assert interpolated == pytest.approx(0.1 - 0.0006, abs=0.0017)
    assert hull == pytest.approx(0.1 - 0.0053, abs=0.0017)


def errors(scores: list[float], target: list[int], **settings: object) -> DetectionErrors:
    return measure(scores, target, ["a"] * len(scores), ["b"] * len(scores), {}, **settings).overall.errors  # type: ignore[arg-type]


def test_all_scores_tied_is_a_coin() -> None:
    found = errors([7.0] * 6, [1, 1, 0, 0, 0, 0])
    assert (found.eer, found.min_dcf, found.min_cllr) == (0.5, 1.0, pytest.approx(1.0))
    assert errors([7.0] * 6, [1, 1, 0, 0, 0, 0], on_hull=True).eer == 0.5


@pytest.mark.parametrize("on_hull", [False, True])
def test_perfect_separation_has_no_errors(on_hull: bool) -> None:
    # Implementations that take the mean of the nearest rates say 25 % for the first.
    for scores, target in (
        ([1.0, 2, 3, 4], [0, 0, 1, 1]),
        ([0.0, 1], [0, 1]),
        ([0.0] * 50 + [1.0], [0] * 50 + [1]),
    ):
        found = errors(scores, target, on_hull=on_hull)
        assert (found.eer, found.min_dcf, found.min_cllr) == (0, 0, 0)
        assert (found.fnmr_at_pooled, found.fmr_at_pooled) == (0, 0)


def test_one_target_and_one_non_target_have_rates() -> None:
    # One target, below one of three non-targets: FNMR jumps from 0 to 1 where the FMR is 1/3.
    assert errors([1.0, 2, 3, 2.5], [0, 0, 0, 1]).eer == pytest.approx(1 / 3)
    assert errors([1.0, 2, 3, 1.5], [1, 1, 1, 0]).eer == pytest.approx(1 / 3)
    assert errors([0.0, 1.0], [1, 0]).eer == 1
    assert errors([1.0, 1.0], [1, 0]).eer == 0.5


@pytest.mark.parametrize(("target", "note"), [(1, "no non-target trials"), (0, "no target trials")])
def test_an_empty_side_is_nan_with_a_reason(target: int, note: str) -> None:
    found = errors([0.0, 1.0], [target, target])
    assert found.note == note
    for figure in ("eer", "eer_threshold", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "cllr", "min_cllr"):
        assert math.isnan(getattr(found, figure))


@pytest.mark.parametrize("criterion", ["dcf", "fmr"])
def test_a_pooled_threshold_that_rejects_all_has_rates(criterion: str) -> None:
    # The one non-target scores highest, so that no finite threshold keeps it out.
    rule = ThresholdRule(criterion, 0.01)  # type: ignore[arg-type]
    found = measure([1.0, 2.0, 3.0], [1, 1, 0], ["a"] * 3, ["b"] * 3, {}, threshold=rule)
    assert found.pooled_threshold == math.inf
    errors = found.overall.errors
    assert (errors.fnmr_at_pooled, errors.fmr_at_pooled, errors.dcf_at_pooled) == (1, 0, 1)


@pytest.mark.parametrize(("threshold", "expected"), [(-99.0, (0, 1)), (99.0, (1, 0))])
def test_given_thresholds_beyond_all_scores_accept_or_reject_all(
    threshold: float, expected: tuple[float, float]
) -> None:
    found = errors([1.0, 2.0, 3.0], [1, 1, 0], threshold=ThresholdRule("score", threshold))
    assert (found.fnmr_at_pooled, found.fmr_at_pooled) == expected


@pytest.mark.parametrize("on_hull", [False, True])
def test_scale_and_offset_of_scores_change_no_order_based_figure(on_hull: bool) -> None:
    random = np.random.default_rng(0)
    target = (random.random(300) < 0.3).astype(int).tolist()
    scores = np.round(8 * (random.normal(size=300) + target)) / 8
    found = [
        errors(list(scale * (scores + offset)), target, on_hull=on_hull)
        for scale, offset in ((1, 0), (1e-200, 0), (1e200, 0), (0.5, -1024.0), (4, 0.0))
    ]
    for other in found[1:]:
        for figure in ("eer", "min_dcf", "min_cllr", "fnmr_at_pooled", "fmr_at_pooled"):
            assert getattr(other, figure) == pytest.approx(getattr(found[0], figure), abs=1e-12)
