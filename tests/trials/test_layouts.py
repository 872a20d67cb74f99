"""Where fields stand in files without a header: told, or said to be ambiguous."""

from contextlib import suppress
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_texts import CSV, EXPECTED, ROWS, UNLABELLED, VOXCELEB

from svfair.errors import InputError
from svfair.trials.files import read_scores, read_trials

ORDERS = [
    order
    for order in permutations(("enrol", "test", "label", "score"))
    if order.index("enrol") < order.index("test")
]
SCORES = (("score", "enrol", "test"), ("enrol", "score", "test"), ("enrol", "test", "score"))


def written(order: tuple[str, ...], delimiter: str = " ") -> str:
    rows = [{"enrol": a, "test": b, "label": str(int(t)), "score": str(s)} for a, b, t, s in ROWS]
    return "".join(delimiter.join(row[name] for name in order) + "\n" for row in rows)


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
@pytest.mark.parametrize("delimiter", [" ", "\t", ",", ";"])
def test_score_and_label_stand_anywhere(tmp_path: Path, order: tuple[str, ...], delimiter: str) -> None:
    path = tmp_path / "scores"
    path.write_text(written(order, delimiter))
    assert read_scores(path).equals(EXPECTED)
    without = tuple(name for name in order if name != "score")
    path.write_text(written(without, delimiter))
    assert read_trials(path).equals(EXPECTED.drop("score"))


@pytest.mark.parametrize(
    "order",
    SCORES,
    ids=" ".join,
)
def test_labels_come_from_the_list_wherever_the_score_stands(tmp_path: Path, order: tuple[str, ...]) -> None:
    (tmp_path / "list").write_text(VOXCELEB)
    path = tmp_path / "scores"
    path.write_text(written(order))
    assert read_scores(path, trials=tmp_path / "list").equals(EXPECTED)
    with pytest.raises(InputError, match=f"lines are '{' '.join(order)}', without labels; give the list"):
        read_scores(path)


@pytest.mark.fault("fields in an order that cannot be told")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1.0 a b 1\n0.0 a c 0\n" * 2 + "1 a d 1\n", None),
        ("1 1 a b\n0 0 a c\n", "could be 'label score enrol test' or 'score label enrol test'; put a header"),
        ("a 1 1 b\na 0 0 c\n", "could be 'enrol label score test' or 'enrol score label test'; put a header"),
        (
            "0.51 12 13\n0.2 13 14\n",
            "could be 'enrol test score' or 'score enrol test'; put a",
        ),
        ("1 a b\n0 a c\n", "is a list of trials without scores"),
        ("a 1 b\na 0 c\n", "is a list of trials without scores"),
    ],
)
def test_what_cannot_be_told_says_so(tmp_path: Path, content: str, message: str | None) -> None:
    (tmp_path / "list").write_text("1 12 13\n0 13 14\n1 a b\n0 a c\n")
    (tmp_path / "scores").write_text(content)
    labelled = len(content.split("\n")[0].split()) == 4
    if message is None:
        # VoxCeleb's layout fits too, and goes before those that no tool writes.
        assert read_scores(tmp_path / "scores")["enrol"].to_list() == ["a"] * 5
        return
    with pytest.raises(InputError, match=message):
        read_scores(tmp_path / "scores", trials=None if labelled else tmp_path / "list")


def test_lines_of_another_layout_are_bad_lines(tmp_path: Path) -> None:
    """One label that is none does not make another layout, of which the line would be a trial."""
    path = tmp_path / "scores"
    path.write_text("1 a b 1.0\n2 a c 1.0\n0 a d 0.0\n")
    with pytest.raises(InputError, match="line 2: label '2' is none"):
        read_scores(path)


def test_a_header_whose_names_are_not_known_is_no_trial(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_text(CSV.replace("enrol,test,label,score", "left,right,target,llr2"))
    with pytest.raises(InputError, match="no column for the enrolment utterance; found left, right, target"):
        read_scores(path)


def test_numbers_as_names_of_utterances(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_text("12 13 1 0.5\n13 14 0 -0.25\n")
    assert read_scores(path).rows() == [("12", "13", True, 0.5), ("13", "14", False, -0.25)]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    order=st.sampled_from(ORDERS),
    rows=st.lists(
        st.tuples(
            st.sampled_from(["id1/a/1.wav", "x", "same.wav", "é", "1.wav"]),
            st.sampled_from(["id2/b/2.wav", "y", "1e", "0_5", "targets"]),
            st.booleans(),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_fields_are_never_taken_for_others(
    tmp_path_factory: pytest.TempPathFactory, order: tuple[str, ...], rows: list[tuple[str, str, bool, float]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "layout"
    lines = [
        {"enrol": a, "test": b, "label": "target" if t else "nontarget", "score": repr(s)}
        for a, b, t, s in rows
    ]
    path.write_text("".join(" ".join(line[name] for name in order) + "\n" for line in lines))
    with suppress(InputError):  # such as trials of one kind
        assert read_scores(path).rows() == rows


def test_first_lines_and_a_mapping_are_shown_below_the_message(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(CSV.replace("enrol,test,label,score", "one,two,truth,value"))
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert caught.value.hints_named({}) == [
        "The first lines are:",
        "    one  two  truth  value",
        "    id1/a/1.wav  id1/c/3.wav  1  0.9",
        "    id1/a/1.wav  id2/b/2.wav  0  -1.5",
        "For example: enrol_column 'one' test_column 'two' label_column 'truth' score_column 'value'",
    ]
    names = {"enrol": "one", "test": "two", "is_target": "truth", "score": "value"}
    assert read_scores(path, columns=names).equals(EXPECTED)


def test_unlabelled_scores_with_a_label_column_in_another_place(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(VOXCELEB)
    (tmp_path / "scores").write_text(UNLABELLED.replace(" ", ","))
    assert read_scores(tmp_path / "scores", trials=tmp_path / "list").equals(EXPECTED)


@pytest.mark.fault("fields in an order that cannot be told")
def test_columns_cannot_be_named_where_there_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(VOXCELEB)
    with pytest.raises(InputError, match="no column for the enrolment utterance; found 1, id1") as caught:
        read_scores(tmp_path / "scores", columns={"enrol": "e"})
    assert caught.value.hints_named({})[-1] == "They seem to have no header: put a line of names above."
