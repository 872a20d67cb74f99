import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measuring import measure

from svfair.metrics.trial_set import make_trial_set

rows = st.lists(
    st.tuples(st.integers(-2, 2), st.booleans(), st.sampled_from("abcd"), st.sampled_from("abcd")),
    min_size=1,
    max_size=30,
)


def test_trials_rise_and_keep_their_labels_and_speakers() -> None:
    found = make_trial_set([0.3, -1, 0.1], [1, 0, 1], ["b", "a", "c"], ["b", "c", "c"])
    assert found.scores.tolist() == [-1, 0.1, 0.3]
    assert found.is_target.tolist() == [False, True, True]
    names = found.speakers.names
    assert [names[number] for number in found.speakers.enrol] == ["a", "c", "b"]
    assert [names[number] for number in found.speakers.test] == ["c", "c", "b"]


@pytest.mark.parametrize("labels", [[1, -1], [2, 0], ["target", "nontarget"], [1.0, np.nan], [0.5, 0.0]])
def test_labels_other_than_true_and_false_are_refused(labels: list[object]) -> None:
    with pytest.raises(ValueError, match="labels: must be true or false, or 1 or 0"):
        make_trial_set([0.0, 1.0], labels, ["a", "a"], ["a", "b"])  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", [[1, 0], [True, False], [1.0, 0.0], np.array([1, 0], np.uint8)])
def test_labels_may_be_of_any_number_type(labels: object) -> None:
    assert make_trial_set([0.0, 1.0], labels, ["a", "a"], ["a", "b"]).is_target.tolist() == [True, False]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        make_trial_set([0.0, value], [True, False], ["a", "a"], ["a", "b"])


def test_tables_of_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="one number a trial"):
        make_trial_set(np.zeros((2, 1)), [True, False], ["a", "a"], ["a", "b"])


def test_float32_scores_keep_their_values() -> None:
    scores = np.float32([0.1, 0.1, 0.3])
    assert make_trial_set(scores, [1, 0, 1], ["a"] * 3, ["b"] * 3).scores.tolist() == scores.tolist()


@settings(max_examples=100, deadline=None)
@given(rows, st.randoms(), st.sampled_from(["both", "enrol", "any"]), st.booleans())
def test_order_of_the_file_does_not_matter(own, random, rule, on_hull) -> None:  # type: ignore[no-untyped-def]
    values: dict[str, str | None] = {"a": "x", "b": "x", "c": "y"}
    found = []
    for order in (own, random.sample(own, len(own))):
        scores, target, enrol, test = zip(*order, strict=True)
        result = measure(
            np.array(scores, np.float32), target, enrol, test, {"g": values}, rule=rule, on_hull=on_hull
        )
        found.append([result.overall, *result.attributes[0].groups])
    for first, second in zip(*found, strict=True):
        # Cllr adds up in another order.
        pairs = zip(vars(first.errors).values(), vars(second.errors).values(), strict=True)
        assert all(a == b or a == pytest.approx(b, rel=1e-12, nan_ok=True) for a, b in pairs)
        assert (first.name, first.speakers, first.note) == (second.name, second.speakers, second.note)
        np.testing.assert_array_equal(first.curve.fnmr, second.curve.fnmr)
