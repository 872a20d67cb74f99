import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.metrics.detection import equal_error_rate, error_curve, errors_at, minimum_detection_cost
from svfair.metrics.settings import OperatingPoint
from svfair.metrics.thresholds import pooled_threshold
from svfair.metrics.settings import ThresholdRule
from svfair.metrics.settings import parse_threshold

POINT = OperatingPoint()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eer", ThresholdRule("eer")),
        (" DCF ", ThresholdRule("dcf")),
        ("fmr=0.01", ThresholdRule("fmr", 0.01)),
        ("FMR = 1e-3", ThresholdRule("fmr", 0.001)),
        ("0.25", ThresholdRule("score", 0.25)),
        ("-3", ThresholdRule("score", -3.0)),
    ],
)
def test_reads_what_people_write(text: str, expected: ThresholdRule) -> None:
    # NaN values differ from themselves.
    assert repr(parse_threshold(text)) == repr(expected)


@pytest.mark.parametrize("text", ["", "best", "fmr", "fmr=", "fmr=low", "=0.1", "eer=0.1", "0,5"])
def test_says_what_it_wants_when_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match="is none of eer, dcf, fmr=RATE or a number"):
        parse_threshold(text)


@pytest.mark.parametrize("text", ["fmr=0", "fmr=1", "fmr=-0.1", "fmr=nan"])
def test_a_false_match_rate_lies_between_0_and_1(text: str) -> None:
    with pytest.raises(ValueError, match="a false match rate lies between 0 and 1"):
        parse_threshold(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_given_threshold_is_finite(text: str) -> None:
    with pytest.raises(ValueError, match="a threshold must be a finite number"):
        parse_threshold(text)


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(ValueError, match="is none of eer, dcf, fmr, score"):
        ThresholdRule("far", 0.1)  # type: ignore[arg-type]


def test_rules_speak() -> None:
    assert str(ThresholdRule("fmr", 0.001)) == "that accepts 0.1 % of all non-target trials"
    assert str(ThresholdRule("score", 2.5)) == "given as 2.5"
    assert "equal error" in str(ThresholdRule())
    assert "detection cost" in str(ThresholdRule("dcf"))


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
    assert pooled_threshold(curve, ThresholdRule("eer"), POINT) == equal_error_rate(curve)[1]
    threshold = pooled_threshold(curve, ThresholdRule("dcf"), POINT)
    assert threshold == minimum_detection_cost(curve, POINT)[1]
