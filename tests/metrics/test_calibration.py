import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from svfair.metrics.calibration import (
    actual_detection_cost,
    bayes_threshold,
    cllr,
    hull_equal_error_rate,
    min_cllr,
)
from svfair.metrics.detection import equal_error, error_curve, minimum_detection_cost
from svfair.metrics.settings import OperatingPoint

Rows = list[tuple[int, bool]]
trials = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(target for _, target in rows) < len(rows)
)


def arrays(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in rows], dtype=np.float64), np.array([target for _, target in rows])


def sklearn_min_cllr(scores: np.ndarray, target: np.ndarray) -> float:
    isotonic = pytest.importorskip("sklearn.isotonic", reason="needs scikit-learn to compare with")
    share = isotonic.IsotonicRegression(y_min=0, y_max=1).fit_transform(scores, target.astype(float))
    prior = np.log(target.sum() / (~target).sum())
    with np.errstate(divide="ignore"):
        ratios = np.log(share) - np.log1p(-share) - prior
    return (np.logaddexp(0, -ratios[target]).mean() + np.logaddexp(0, ratios[~target]).mean()) / 2 / np.log(2)


def chain_hull_eer(scores: np.ndarray, target: np.ndarray) -> float:
    """Lower hull of (FMR, FNMR) by Andrew's monotone chain, crossed with the diagonal."""
    points = sorted(
        {(np.mean(scores[~target] >= t), np.mean(scores[target] < t)) for t in [*scores, math.inf, -math.inf]}
    )
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x1, y1), (x2, y2) = hull[-2:]
            if (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1) > 0:
                break
            hull.pop()
        hull.append((x, y))
    # FNMR falls along the hull as FMR rises.
    differences = np.array([y - x for x, y in hull])
    return float(np.interp(0, -differences, [y for _, y in hull]))


@settings(max_examples=200, deadline=None)
@given(trials)
def test_min_cllr_is_that_of_scikit_learns_isotonic_regression(rows: Rows) -> None:
    scores, target = arrays(rows)
    assert min_cllr(error_curve(scores, target)) == pytest.approx(sklearn_min_cllr(scores, target), abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(trials)
def test_hull_eer_is_that_of_a_monotone_chain_and_never_above_the_interpolated(rows: Rows) -> None:
    curve = error_curve(*arrays(rows))
    assert hull_equal_error_rate(curve) == pytest.approx(chain_hull_eer(*arrays(rows)), abs=1e-9)
    assert hull_equal_error_rate(curve) <= equal_error(curve)[0] + 1e-12


def test_hull_and_min_cllr_of_real_valued_scores_match_the_references() -> None:
    random = np.random.default_rng(0)
    target = random.random(3000) < 0.2
    scores = (random.normal(size=3000) + 2 * target).round(2)
    curve = error_curve(scores, target)
    assert min_cllr(curve) == pytest.approx(sklearn_min_cllr(scores, target), abs=1e-12)
    assert hull_equal_error_rate(curve) == pytest.approx(chain_hull_eer(scores, target), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(trials, st.sampled_from([1e-300, 1e-3, 7.0, 1e150]), st.sampled_from([-1e6, 0.0, 3.0]))
def test_scale_and_offset_of_scores_do_not_matter(rows: Rows, scale: float, offset: float) -> None:
    scores, target = arrays(rows)
    moved = scale * (scores + offset)
    assume(len(np.unique(moved)) == len(np.unique(scores)))
    before, after = error_curve(scores, target), error_curve(moved, target)
    point = OperatingPoint(0.2, 2.0, 1.0)
    for figure in (
        lambda curve: equal_error(curve)[0],
        lambda curve: minimum_detection_cost(curve, point)[0],
        hull_equal_error_rate,
        min_cllr,
    ):
        assert figure(before) == figure(after)


def test_cllr_of_calibrated_gaussian_scores_is_the_integral() -> None:
    # Log-likelihood ratios of two normals d apart are normal with mean +-d^2/2 and variance d^2.
    d, count = 1.5, 200_000

    def cost(x: float) -> float:
        return float(norm.pdf(x, d * d / 2, d) * np.logaddexp(0, -x) / np.log(2))

    expected = quad(cost, -20, 25)[0]  # by symmetry also that of the non-targets
    random = np.random.default_rng(0)
    target = np.arange(2 * count) < count
    scores = random.normal(scale=d, size=2 * count) + np.where(target, 1, -1) * d * d / 2
    assert cllr(scores, target) == pytest.approx(expected, abs=4 / math.sqrt(count))
    # They are calibrated, so that calibration gains next to nothing, and the Bayes threshold is best.
    curve = error_curve(scores, target)
    assert min_cllr(curve) == pytest.approx(expected, abs=4 / math.sqrt(count))
    assert min_cllr(curve) <= cllr(scores, target)
    assert hull_equal_error_rate(curve) == pytest.approx(norm.cdf(-d / 2), abs=0.002)
    point = OperatingPoint(0.3, 1.0, 2.0)
    least = minimum_detection_cost(curve, point)[0]
    assert least <= actual_detection_cost(curve, point) < least + 0.01


def test_cllr_by_hand() -> None:
    # Targets 0 and ln 3: log2(1 + 1) = 1 and log2(1 + 1/3) = 2 - log2(3). Non-target -ln 3: 2 - log2(3).
    ratio = math.log(3)
    expected = ((1 + 2 - math.log2(3)) / 2 + 2 - math.log2(3)) / 2
    assert cllr(np.array([0, ratio, -ratio]), np.array([True, True, False])) == pytest.approx(expected)
    assert cllr(np.zeros(4), np.array([True, False, False, False])) == pytest.approx(1.0)


def test_bayes_threshold_by_hand() -> None:
    # log(0.95 / 0.05) = log 19; costs of 2 and 0.5 move it by log(0.5 / 2).
    assert bayes_threshold(OperatingPoint(0.05)) == pytest.approx(math.log(19))
    assert bayes_threshold(OperatingPoint(0.05, 2.0, 0.5)) == pytest.approx(math.log(19 / 4))


def test_ends_of_the_range() -> None:
    target = np.array([True, True, False, False])
    tied, perfect = error_curve(np.zeros(4), target), error_curve(np.array([3.0, 2, 1, 0]), target)
    inverted = error_curve(np.array([0.0, 1, 2, 3]), target)
    assert (min_cllr(tied), hull_equal_error_rate(tied)) == (pytest.approx(1), pytest.approx(0.5))
    assert (min_cllr(perfect), hull_equal_error_rate(perfect)) == (0, 0)
    # The hull of a system that is wrong throughout is that of a coin.
    assert (min_cllr(inverted), hull_equal_error_rate(inverted)) == (pytest.approx(1), pytest.approx(0.5))


@pytest.mark.parametrize("side", [True, False])
def test_an_empty_side_is_nan_without_a_warning(side: bool) -> None:
    scores, target = np.array([1.0, 2.0]), np.array([side, side])
    curve = error_curve(scores, target)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in (min_cllr(curve), hull_equal_error_rate(curve), cllr(scores, target)):
            assert math.isnan(value)
        assert math.isnan(actual_detection_cost(curve, OperatingPoint()))
