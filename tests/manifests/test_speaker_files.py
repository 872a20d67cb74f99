"""Tables of speakers as LibriSpeech and Kaldi write them, and columns that the user names."""

from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.manifests.speakers import read_attributes, read_speakers

LIBRISPEECH = """;
; Some pipe(|) separated metadata about all LibriSpeech speakers
; The meaning of the fields in left-to-right order is as follows:
;
;ID  |SEX| SUBSET           |MINUTES| NAME
14   | F | train-clean-360  | 25.03 | Kristin LeMoine
60   | M | train-clean-100  | 20.18 | |CBW|Simon
"""


def write(folder: Path, text: str, name: str = "speakers") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_librispeech(tmp_path: Path, end: str) -> None:
    table = read_speakers(write(tmp_path, LIBRISPEECH.replace("\n", end), "SPEAKERS.TXT"))
    assert table.columns == ["speaker_id", "gender", "SUBSET", "MINUTES", "NAME"]
    assert table.rows()[1] == ("60", "male", "train-clean-100", "20.18", "|CBW|Simon")
    assert table["gender"].to_list() == ["female", "male"]


@pytest.mark.parametrize("text", ["a m\nb f\n", "a\tm\nb\tF\n\n", "a male\r\nb female"])
def test_kaldi(tmp_path: Path, text: str) -> None:
    rows = read_speakers(write(tmp_path, text, "spk2gender")).rows()
    assert rows == [("a", "male"), ("b", "female")]


def test_a_column_of_speakers_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "Sprecher,gender\na,m\nb,f\n")
    assert read_attributes(path, id_column="sprecher")["speaker_id"].to_list() == ["a", "b"]
    path = write(tmp_path, "speaker_id,vox,gender\n1,a,m\n2,b,f\n")
    table = read_speakers(path, id_column="vox")
    assert table["speaker_id"].to_list() == ["a", "b"]
    assert table["other_speaker_id"].to_list() == ["1", "2"]


@pytest.mark.fault("tables of speakers that cannot be read")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sprecher,gender\na,m\nb,f\n", "no column of speaker ids; found Sprecher, gender. Name it"),
        (LIBRISPEECH + "61 | M\n", "1 bad line: line 8: is not 'ID | SEX | SUBSET | MINUTES | NAME'. Mend"),
        ("; only a comment\n", "no column of speaker ids; found only a comment"),
        ("a m\nb f\na f\n", "speaker 'a' has two rows that differ in lines 1 and 3; keep the right one"),
        ("id,gender\na,m\nb,f\n\na,f\n", "speaker 'a' has two rows that differ in lines 2 and 5; keep"),
        ("id,sex\nZo\u00e9,m\nZoe\u0301,f\n", r"speakers 'Zo\xe9' and 'Zoe\u0301' are one name in two forms"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_attributes(write(tmp_path, text))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.fault("tables of speakers that cannot be read")
def test_first_lines_and_an_option_are_shown(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_attributes(write(tmp_path, "Sprecher,gender\na,m\nb,f\nc,f\n"))
    assert caught.value.hints_named({"speaker_id_column": "--speaker-id-column"}) == [
        "The first lines are:",
        "    Sprecher  gender",
        "    a  m",
        "    b  f",
        "For example: --speaker-id-column 'Sprecher'",
    ]
    with pytest.raises(InputError, match=r"speaker_id_column: .* has no column 'x'; found Sprecher, gender"):
        read_attributes(tmp_path / "speakers", id_column="x")


def test_text_is_composed(tmp_path: Path) -> None:
    table = read_speakers(write(tmp_path, "id,town\nZoe\u0301,Ko\u0308ln\nb,K\u00f6ln\n"))
    assert table["speaker_id"][0] == "Zo\u00e9"
    assert table["town"].n_unique() == 1
