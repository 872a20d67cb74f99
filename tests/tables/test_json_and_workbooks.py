"""JSON lines and workbooks, as scores and as tables of speakers."""

import importlib.util
import json
from pathlib import Path
from unittest.mock import patch

import pytest
from score_texts import EXPECTED, ROWS, VOXCELEB

from svfair.errors import InputError
from svfair.manifests.speakers import read_speakers
from svfair.tables import read_table
from svfair.trials.files import read_scores, read_scores_leniently, read_trials

OBJECTS = [{"enrol": a, "test": b, "label": int(t), "score": s} for a, b, t, s in ROWS]
LINES = "".join(json.dumps(row) + "\n" for row in OBJECTS)


@pytest.mark.parametrize("name", ["scores.json", "scores.jsonl", "scores.txt", "scores"])
@pytest.mark.parametrize(
    "content", [LINES, "\n" + LINES.replace("\n", "\r\n\r\n"), json.dumps(OBJECTS), "\ufeff" + LINES]
)
def test_scores_as_json(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert read_scores(path).equals(EXPECTED)
    assert read_trials(path).equals(EXPECTED.drop("score"))
    assert read_table(path).height == 3


def test_json_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(OBJECTS, indent=1))
    assert read_scores(path).equals(EXPECTED)


def test_json_keeps_every_bit_of_a_score_and_takes_words_for_labels(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(
        '{"utt1": 1, "utt2": 2, "label": true, "score": 0.1000000000000000055}\n'
        '{"utt1": 1, "utt2": 3, "label": false, "score": -1e-300, "more": [1]}\n'
    )
    assert read_scores(path).rows() == [("1", "2", True, 0.1), ("1", "3", False, -1e-300)]


@pytest.mark.fault("JSON that is damaged")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LINES + "{\n", "1 bad line: line 4: is no JSON ("),
        (LINES + "[1]\n", "1 bad line: line 4: is no JSON object"),
        (LINES.replace("0.9", "NaN"), "1 bad line: line 1: score 'NaN' is not a finite number"),
        (LINES.replace("0.9", "1e400"), "1 bad line: line 1: score '1e400' is not a finite number"),
        (LINES.replace("0.9", "null"), "1 bad line: line 1: score '' is not a finite number"),
        (LINES.replace('"label": 0', '"truth": 0'), "1 bad line: line 2: label '' is none of"),
        (LINES.replace('"test"', '"other"'), "no column for the test utterance; found enrol, other"),
        (LINES.replace("}", '}"'), "has no JSON objects"),
        ("[" * 100_000, "is no JSON (RecursionError); it has to be one list of objects"),
        ("[" + LINES.replace("\n", ",\n"), "is no JSON ("),
        ("{}\n{}", "has no JSON objects"),
        (
            "".join(f'{{"k{row}":1}}\n' for row in range(10_001)),
            "its objects have 10,001 different names; a table has at most 10,000 columns",
        ),
    ],
)  # fmt: skip
def test_damaged_json_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert str(path) in str(caught.value)


def test_bad_json_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(LINES + "oops\n")
    table, rejected = read_scores_leniently(path)
    assert table.equals(EXPECTED)
    assert rejected.count == 1


def test_speakers_as_nemo_writes_them(tmp_path: Path) -> None:
    """A manifest of utterances: what it says of an utterance is not of the speaker."""
    path = tmp_path / "speakers.json"
    path.write_text("".join(
        json.dumps({"audio_filepath": f"a/{n}.wav", "offset": 0, "duration": 1.5 + n, "label": f"s{n % 2}",
                    "text": str(n), "gender": "fm"[n % 2]}) + "\n" for n in range(4)
    ))  # fmt: skip
    assert read_speakers(path).rows(named=True) == [
        {"speaker_id": "s0", "gender": "female"},
        {"speaker_id": "s1", "gender": "male"},
    ]


@pytest.mark.fault("a library that is not installed")
def test_a_workbook_without_the_library_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "scores.xlsx"
    path.write_bytes(b"PK\3\4")
    with patch.object(importlib.util, "find_spec", return_value=None):
        for read in (read_scores, read_trials, read_speakers, read_table):
            with pytest.raises(InputError, match=r"scores\.xlsx: reading a workbook needs 'fastexcel'"):
                read(path)


def test_workbooks(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "scores.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["enrol", "test", "label", "score"])
        for row, (enrol, test, target, score) in enumerate(ROWS, 1):
            sheet.write_row(row, 0, [enrol, test, int(target), score])
    assert read_scores(path).equals(EXPECTED)
    (tmp_path / "list").write_text(VOXCELEB)
    assert read_scores(path, trials=tmp_path / "list").equals(EXPECTED)


@pytest.mark.fault("a workbook that is damaged")
@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"enrol,test\n", b"PK\3\4" + b"\0" * 500])
def test_damaged_workbooks_are_named(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("fastexcel")
    path = tmp_path / "scores.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"scores\.xlsx: cannot be read as a workbook \("):
        read_scores(path)
