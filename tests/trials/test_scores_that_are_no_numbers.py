"""Scores that are not finite, and labels that are none: named by line in every format, or counted."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.trials.files import read_scores, read_scores_leniently

Row = tuple[str, str, object, object]

GOOD: list[Row] = [("a/1", "a/2", 1, 0.5), ("a/1", "b/2", 0, -0.5), ("b/1", "b/2", 1, 0.25)]


def text(delimiter: str, header: str = "") -> Callable[[Path, list[Row]], None]:
    def write(path: Path, rows: list[Row]) -> None:
        lines = [delimiter.join(str(value) for value in row) for row in rows]
        path.write_text("\n".join([*([header] if header else []), *lines]) + "\n")

    return write


def as_json(path: Path, rows: list[Row]) -> None:
    names = ("enrol", "test", "label", "score")
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))


FORMATS = {
    "Kaldi": (text(" "), "line", 0),
    "CSV": (text(",", "enrol,test,label,score"), "line", 1),
    "TSV": (text("\t", "enrol\ttest\tlabel\tscore"), "line", 1),
    "JSON": (as_json, "line", 0),
}


@pytest.mark.fault("scores that are not finite")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "value", ["nan", "NaN", "inf", "-Infinity", "1e400", "-1e400", "0,5", "half", "0x1p3", ""]
)
def test_a_score_that_is_no_number_is_named_by_its_line(tmp_path: Path, name: str, value: str) -> None:
    write, unit, above = FORMATS[name]
    if (name == "CSV" and "," in value) or (name == "Kaldi" and value == ""):
        # There, the line has another number of fields, which is told.
        expected = f"1 bad {unit}: {unit} {3 + above}: has "
    else:
        expected = f"1 bad {unit}: {unit} {3 + above}: score '{value}' is not a finite number"
    path = tmp_path / "scores.txt"
    write(path, [*GOOD[:2], (*GOOD[2][:3], value), GOOD[2]])
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert expected in str(caught.value)
    assert caught.value.parameter == "skip_bad_lines"
    table, rejected = read_scores_leniently(path)
    assert table.rows() == [(a, b, bool(label), score) for a, b, label, score in GOOD]
    assert rejected.count == 1


@pytest.mark.fault("labels that are none")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("value", ["2", "-2", "0.5", "nan", "none", "tar get"])
def test_a_label_that_is_none_is_named_by_its_line(tmp_path: Path, name: str, value: str) -> None:
    write, unit, above = FORMATS[name]
    path = tmp_path / "scores.txt"
    write(path, [*GOOD[:2], (*GOOD[2][:2], value, 0.1), GOOD[2]])
    found = "has 5 fields" if name == "Kaldi" and " " in value else f"label '{value}' is none of 0, 1, target"
    with pytest.raises(InputError, match=f"1 bad {unit}: {unit} {3 + above}: {found}"):
        read_scores(path)
    assert read_scores_leniently(path)[1].count == 1


@pytest.mark.fault("scores that are not finite")
@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"score": pl.Series([0.5, 1, float("inf"), float("nan")])}, "2 bad rows: row 3: score 'inf' is"),
        ({"score": pl.Series([5, 1, 2, None], dtype=pl.Int32)}, "1 bad row: row 4: score '' is not a finite"),
        ({"score": pl.Series(["0.5", "1", "1e400", "x"])}, "2 bad rows: row 3: score '1e400' is not a"),
        ({"label": pl.Series([1, 0, 2, None])}, "2 bad rows: row 3: label '2' is none of 0, 1, target, nont"),
        ({"label": pl.Series([True, False, None, True])}, "1 bad row: row 3: label '' is none of"),
        ({"label": pl.Series([1.0, 0.0, float("nan"), 1.0])}, "1 bad row: row 3: label 'nan' is none of"),
        ({"label": pl.Series(["same", "different", "", "same"])}, "1 bad row: row 3: label '' is none of"),
        ({"enrol": pl.Series(["a", None, "b", " "])}, "2 bad rows: row 2: an utterance is missing; row 4"),
    ],
)
def test_rows_of_parquet_that_are_no_trials(
    tmp_path: Path, column: dict[str, pl.Series], message: str
) -> None:
    path = tmp_path / "scores.parquet"
    table = pl.DataFrame(
        {"enrol": list("abcd"), "test": list("efgh"), "label": [1, 0, 0, 1], "score": [0.5, 0.1, 0.2, 0.3]}
    )
    table.with_columns(**column).select(table.columns).write_parquet(path)
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert message in str(caught.value)
    kept, rejected = read_scores_leniently(path)
    assert kept.height + rejected.count == 4
    assert kept["score"].is_finite().all()
