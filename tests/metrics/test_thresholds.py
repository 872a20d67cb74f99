import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.metrics.detection import equal_error, error_curve, errors_at, minimum_detection_cost
from svfair.metrics.settings import OperatingPoint, ThresholdRule
from svfair.metrics.thresholds import pooled_threshold

POINT = OperatingPoint()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=40).filter(
        lambda rows: not all(target for _, target in rows)
    ),
    st.one_of(st.floats(0.01, 0.99), st.sampled_from([1 / 3, 0.25, 0.2, 0.1, 0.05])),
)
def test_fmr_rule_is_the_lowest_threshold_at_which_no_more_is_accepted(
    rows: list[tuple[int, bool]], value: float
) -> None:
    scores, target = np.array([float(row[0]) for row in rows]), np.array([row[1] for row in rows])
    found = pooled_threshold(error_curve(scores, target), ThresholdRule("fmr", value), POINT)
    others = scores[~target].tolist()
    allowed = [
        t
        for t in [*sorted(set(scores.tolist())), math.inf]
        if sum(s >= t for s in others) / len(others) <= value
    ]
    assert found == allowed[0]


@pytest.mark.parametrize("count", [3, 10, 49, 100, 1000, 98_765])
def test_fmr_rule_reaches_a_rate_that_is_a_whole_number_of_trials(count: int) -> None:
    curve = error_curve(np.arange(count + 1.0), np.arange(count + 1) == count)
    threshold = pooled_threshold(curve, ThresholdRule("fmr", 1 / count), POINT)
    assert errors_at(curve, threshold) == (0.0, 1 / count)


def test_rules_without_their_trials_give_nan() -> None:
    targets = error_curve(np.array([1.0, 2.0]), np.array([True, True]))
    others = error_curve(np.array([1.0, 2.0]), np.array([False, False]))
    for curve in (targets, others):
        assert math.isnan(pooled_threshold(curve, ThresholdRule("eer"), POINT))
        assert math.isnan(pooled_threshold(curve, ThresholdRule("dcf"), POINT))
        assert pooled_threshold(curve, ThresholdRule("score", 1.5), POINT) == 1.5
    assert math.isnan(pooled_threshold(targets, ThresholdRule("fmr", 0.5), POINT))
    assert pooled_threshold(others, ThresholdRule("fmr", 0.5), POINT) == 2.0


def test_eer_and_dcf_rules_are_the_thresholds_of_their_figures() -> None:
    random = np.random.default_rng(0)
    target = random.random(500) < 0.5
    curve = error_curve(random.normal(size=500) + 2 * target, target)
    assert pooled_threshold(curve, ThresholdRule("eer"), POINT) == equal_error(curve)[1]
    threshold = pooled_threshold(curve, ThresholdRule("dcf"), POINT)
    assert threshold == minimum_detection_cost(curve, POINT)[1]
