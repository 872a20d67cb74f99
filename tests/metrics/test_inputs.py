"""What callers give to the metrics: in any library's types, or wrong, and then refused with one line."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svfair.metrics as metrics
from svfair.errors import InputError
from svfair.metrics import (
    OperatingPoint,
    Resampling,
    Settings,
    ThresholdRule,
    cllr,
    compare,
    equal_error_rate,
    evaluate,
    gap,
    garbe,
    gini,
    make_trial_set,
    min_cllr,
    min_dcf,
    parse_threshold,
    pool_seeds,
    std,
)
from svfair.metrics.inputs import speaker_name, speaker_names

SHAPE = "scores or labels of another shape or type"
SPEAKERS = "speakers that cannot be told"
RATES = "rates of another shape or type"
SETTINGS = "a setting of another type"

MEASURES = [equal_error_rate, min_dcf, cllr, min_cllr]
SCORES, LABELS = [0.5, 0.1, 0.3, 0.2], [1, 0, 1, 0]

#: The same four speakers as several libraries have them.
SPELLINGS: dict[str, Any] = {
    "text": ["100", "101", "100", "7"],
    "whole numbers": [100, 101, 100, 7],
    "floats": [100.0, 101.0, 100.0, 7.0],
    "mixed": [100, "101", 100.0, np.int8(7)],
    "numpy": np.array([100, 101, 100, 7], np.uint8),
    "numpy floats": np.float32([100, 101, 100, 7]),
    "numpy text": np.array(["100", "101", "100", "7"]),
    "numpy bytes": np.array([b"100", b"101", b"100", b"7"]),
    "tuple": (100, 101, 100, 7),
    "objects": np.array([100, "101", 100.0, 7], dtype=object),
}


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_a_speaker_has_one_name_whatever_it_is_kept_in(spelling: str) -> None:
    assert speaker_names(SPELLINGS[spelling], "enrol") == SPELLINGS["text"]
    assert speaker_names(iter(SPELLINGS[spelling]), "enrol") == SPELLINGS["text"]
    trials = make_trial_set(SCORES, LABELS, SPELLINGS[spelling], SPELLINGS["text"])
    assert trials.speakers.names == ("100", "101", "7")
    for keys in SPELLINGS.values():
        values = {key: "xyx_"[place] for place, key in enumerate(keys) if place != 2}
        found = evaluate(trials, {"group": values})
        assert [group.name for group in found.attribute("group").groups] == ["_", "x", "y"]


def test_strata_are_of_speakers_in_any_type() -> None:
    trials = make_trial_set(SCORES, LABELS, [1, 2, 3, 4], [1, 2, 3, 4])
    draws = []
    for key in (str, int, float):
        strata = {key(one): "ab"[one % 2] for one in range(1, 5)}
        found = evaluate(trials, {}, Settings(resampling=Resampling(5, 0, strata=strata)))  # type: ignore[arg-type]
        assert found.replicates is not None
        draws.append(found.replicates.draws)
    assert len(set(draws)) == 1


def test_other_names_stay_as_they_are() -> None:
    assert [speaker_name(value) for value in ("100.0", "007", " a", 1.5, "nan", "None")] == [
        *("100.0", "007", " a", "1.5", "nan", "None")
    ]


def test_an_accent_of_its_own_is_that_of_the_letter() -> None:
    assert speaker_names(["Zo\u00eb", "Zoe\u0308"], "enrol") == ["Zo\u00eb"] * 2


@pytest.mark.fault(SPEAKERS)
@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan"), ""])
def test_a_missing_speaker_is_told_with_its_trial(missing: Any) -> None:
    with pytest.raises(InputError, match=r"^test: trial 3: '.*' is no id of a speaker$"):
        make_trial_set(SCORES, LABELS, ["a"] * 4, ["a", "a", missing, missing])


@pytest.mark.fault(SPEAKERS)
@pytest.mark.parametrize(
    "side",
    [
        *("abcd", b"abcd", {"a": 1}, {"a"}, 3, None, np.array(1), np.zeros((4, 1))),
        *(["a", "b"], [["a"], ["b"], ["c"], ["d"]], [{}, {}, {}, {}], []),
    ],
)
def test_what_is_no_list_of_speakers_is_refused(side: Any) -> None:
    with pytest.raises(InputError) as error:
        make_trial_set(SCORES, LABELS, side, ["a"] * 4)
    assert len(str(error.value).splitlines()) == 1
    assert "enrol" in str(error.value)


@pytest.mark.fault(SPEAKERS)
def test_attributes_and_trials_of_another_type_are_refused() -> None:
    trials = make_trial_set(SCORES, LABELS, [1, 2, 3, 4], [1, 2, 3, 4])
    with pytest.raises(InputError, match=r"^attributes: 'gender' has speaker '1' twice$"):
        evaluate(trials, {"gender": {1: "f", "1": "m"}})
    with pytest.raises(InputError, match=r"^attributes: must be a mapping, not list$"):
        evaluate(trials, ["gender"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^trials: must be TrialSet, not list$"):
        evaluate([1.0], {})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^settings: must be Settings, not dict$"):
        evaluate(trials, {}, {"rule": "any"})  # type: ignore[arg-type]


def test_values_that_nobody_knows_are_one_group() -> None:
    trials = make_trial_set(SCORES, LABELS, [1, 2, 3, 4], [1, 2, 3, 4])
    values = {1: None, 2: float("nan"), 3: "", 4: np.int64(30)}
    found = evaluate(trials, {"age": values})  # type: ignore[dict-item]
    assert {group.name: group.speakers for group in found.attribute("age").groups} == {"30": 1, "unknown": 3}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "made",
    [
        *(np.array, np.float32, tuple, iter),
        lambda values: np.array(values, dtype=object),
        lambda values: np.ma.masked_array(values, mask=False),
    ],
)
def test_scores_and_labels_come_in_any_array(measure: Callable[..., float], made: Any) -> None:
    # These have the same values in every precision.
    scores = [0.5, 0.125, 0.25, 0.375]
    assert measure(made(scores), made([1.0, 0.0, 1.0, 0.0])) == measure(scores, [True, False, True, False])


@pytest.mark.fault(SHAPE)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.5, 0.1], [1], "one number a trial, not the shapes (2,) and (1,)"),
        ([[0.5], [0.1]], [[1], [0]], "one number a trial, not the shapes (2, 1) and (2, 1)"),
        ([0.5, 0.1], [[1], [0]], "one number a trial, not the shapes (2,) and (2, 1)"),
        (0.5, 1, "one number a trial, not the shapes () and ()"),
        ([0.5, np.nan, np.inf], [1, 0, 0], "scores: must be finite; 2 are not, the first is nan of trial 2"),
        ([0.5, None], [1, 0], "scores: must be finite; 1 are not, the first is nan of trial 2"),
        (["high", "low"], [1, 0], "scores: must be numbers, not list"),
        ("0.5", [1, 0], "one number a trial, not the shapes () and (2,)"),
        ([[0.5], [0.1, 0.2]], [1, 0], "scores: cannot be read as an array"),
        (np.array([1j, 2]), [1, 0], "scores: must be numbers, not ndarray of shape (2,) with complex128"),
        (np.array(["2026-01-01"] * 2, "M8[D]"), [1, 0], "scores: must be numbers"),
        ({"a": 1}, [1, 0], "scores: must be numbers, not dict"),
        (np.ma.masked_array([0.5, 0.1], mask=[False, True]), [1, 0], "scores: has masked values"),
        ([0.5, 0.1], [1, None], "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], [1, np.nan], "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], ["target", "nontarget"], "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], [1, -1], "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], [1, 2], "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], None, "labels: must be true or false, or 1 or 0"),
        ([0.5, 0.1], np.ma.masked_array([1, 0], mask=[0, 1]), "labels: has masked values"),
    ],
)
def test_says_what_is_wrong_with_scores_and_labels(
    measure: Callable[..., float], scores: Any, labels: Any, message: str
) -> None:
    with pytest.raises(InputError) as error:
        measure(scores, labels)
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("labels", [[], [1, 1], [0, 0]])
def test_a_kind_of_trial_that_is_missing_gives_nan(measure: Callable[..., float], labels: list[int]) -> None:
    assert np.isnan(measure([0.1, 0.2][: len(labels)], labels))


@pytest.mark.fault(SHAPE)
def test_lengths_that_differ_are_told() -> None:
    with pytest.raises(InputError, match=r"differ in length \(4, 4, 4 and 3\); give one of each"):
        make_trial_set(SCORES, LABELS, ["a"] * 4, ["b"] * 3)
    with pytest.raises(InputError, match=r"^there are no trials$"):
        make_trial_set([], [], [], [])


@pytest.mark.fault(RATES)
@pytest.mark.parametrize("measure", [gap, std, gini, metrics.ratio])
@pytest.mark.parametrize(
    "rates", [[], 0.5, "abc", None, {"a": 0.5}, [[0.1], [0.2, 0.3]], np.zeros((3, 0)), [1j]]
)
def test_says_what_is_wrong_with_rates(measure: Callable[..., Any], rates: Any) -> None:
    with pytest.raises(
        InputError, match=r"^rates: (needs the rates of groups|must be numbers|cannot be read)"
    ):
        measure(rates)


@pytest.mark.fault(RATES)
@pytest.mark.parametrize(
    "measure", [metrics.fairness_discrepancy_rate, metrics.inequity_rate, garbe, metrics.area_under_fdr]
)
def test_two_rates_are_of_the_same_groups(measure: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"^fmr: and fnmr differ in shape, \(2,\) against \(3,\)$"):
        measure([0.1, 0.2], [0.1, 0.2, 0.3])
    for alpha in (-0.1, 1.1, np.nan, None, "0.5"):
        with pytest.raises(InputError, match=r"^alpha: lies between 0 and 1, not "):
            measure([[0.1, 0.2]], [[0.1, 0.2]], alpha)
    with pytest.raises(InputError, match=r"^fmr: needs "):
        measure([], [])


@pytest.mark.fault(RATES)
@pytest.mark.parametrize("rates", [[0.1, 0.2], [[0.1], [0.2]]])
def test_an_area_needs_thresholds(rates: Any) -> None:
    with pytest.raises(InputError, match=r"^fmr: needs groups and two thresholds or more, not the shape"):
        metrics.area_under_fdr(rates, rates)


@pytest.mark.parametrize("made", [list, tuple, np.float32, iter])
def test_rates_come_in_any_array(made: Any) -> None:
    rates = [0.25, 0.5, 0.125]
    for measure in (gap, std, gini, metrics.ratio):
        assert float(measure(made(rates))) == pytest.approx(float(measure(np.array(rates))), rel=1e-6)
    assert garbe(made(rates), made(rates)) == pytest.approx(garbe(np.array(rates), np.array(rates)), rel=1e-6)


@pytest.mark.fault(SETTINGS)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: min_dcf(SCORES, LABELS, 0.01), "point: must be an OperatingPoint, not float"),  # type: ignore[arg-type]
        (lambda: OperatingPoint("0.1"), "p_target: must be a number, not 0.1"),  # type: ignore[arg-type]
        (lambda: OperatingPoint(c_miss=None), "c_miss: must be a number, not None"),  # type: ignore[arg-type]
        (lambda: OperatingPoint(np.nan), "p_target: must lie between 0 and 1, not nan"),
        (lambda: ThresholdRule("fmr", "0.1"), "threshold: must be a number, not 0.1"),  # type: ignore[arg-type]
        (lambda: Resampling(replicates=2.5), "replicates: must be a whole number, not 2.5"),  # type: ignore[arg-type]
        (lambda: Resampling(seed=None), "seed: must be a whole number, not None"),  # type: ignore[arg-type]
        (lambda: Resampling(level="0.9"), "level: must be a number, not 0.9"),  # type: ignore[arg-type]
        (lambda: Resampling(strata=["a"]), "strata: must be a mapping, not list"),  # type: ignore[arg-type]
        (lambda: Settings(minimum_targets=1.5), "minimum_targets: must be a whole number, not 1.5"),  # type: ignore[arg-type]
        (lambda: Settings(resampling=100), "resampling: must be Resampling, not int"),  # type: ignore[arg-type]
        (lambda: Settings(threshold="eer"), "threshold: must be ThresholdRule, not str"),  # type: ignore[arg-type]
        (lambda: Settings(operating_point=0.01), "operating_point: must be OperatingPoint, not float"),  # type: ignore[arg-type]
        (lambda: parse_threshold(None), "threshold: 'None' is none of eer, dcf, fmr=RATE or a number"),  # type: ignore[arg-type]
    ],
)
def test_says_what_is_wrong_with_a_setting(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        make()
    assert str(error.value) == message


def test_a_threshold_may_be_a_number() -> None:
    assert parse_threshold(0.5) == ThresholdRule("score", 0.5)  # type: ignore[arg-type]


@pytest.mark.fault("another thing than evaluations")
def test_what_is_no_evaluation_is_not_compared() -> None:
    found = evaluate(make_trial_set(SCORES, LABELS, "abcd"[::1].split() * 4, ["a"] * 4), {})
    for wrong in (lambda: compare(found, 0.1), lambda: pool_seeds([found, None], "x")):  # type: ignore[arg-type,list-item]
        with pytest.raises(ValueError, match=r"^evaluations are compared, not \w+; an audit has one$"):
            wrong()
    with pytest.raises(ValueError, match="there are no seeds to pool"):
        pool_seeds(iter(()), "x")  # type: ignore[arg-type]


JUNK = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.floats(),
    st.lists(
        st.one_of(st.floats(), st.integers(-2, 2), st.booleans(), st.none(), st.text(max_size=2)), max_size=4
    ),
    st.lists(st.lists(st.floats(0, 1), max_size=3), max_size=3),
    st.sampled_from([np.zeros((2, 2)), np.zeros(0), np.array(["a", None], object), {}, {"a"}]),
)
FUNCTIONS = sorted(name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name)))


@pytest.mark.fault("anything at all, to every function of the metrics")
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_function_says_in_one_line_what_is_wrong(name: str, data: st.DataObject) -> None:
    function = getattr(metrics, name)
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
    ]
    arguments = [data.draw(JUNK, label=parameter.name) for parameter in needed]
    message = ""
    try:
        function(*arguments)
    except ValueError as error:  # of which InputError is one
        message = str(error)
    assert len(message.splitlines()) <= 1
    assert not re.search("broadcast|ambiguous|zero-size|inhomogeneous", message)
