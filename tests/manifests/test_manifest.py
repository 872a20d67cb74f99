from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from svfair.manifests.manifest import Manifest, read_manifest
from svfair.tables.writing import write_table
from svfair.errors import InputError


def edit(manifest: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_csv(manifest, infer_schema=False)).write_csv(manifest)


def set_cell(row: int, column: str, value: str | None) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def change(table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(
            pl.Series(column, [value if i == row else old for i, old in enumerate(table[column])])
        )

    return change


def test_reads_csv_parquet_and_folders_alike(tones: Path) -> None:
    from_csv = read_manifest(tones)
    write_table(from_csv.table, tones.with_suffix(".parquet"))
    assert from_csv.table.equals(read_manifest(tones.parent).table)
    assert from_csv.table.schema["duration_s"] == pl.Float64
    assert from_csv.attributes == ["gender", "country"]
    assert from_csv.paths()[0] == from_csv.recording(0).path
    assert from_csv.paths()[0].is_file()


def test_byte_order_mark_and_windows_line_ends(tones: Path) -> None:
    expected = read_manifest(tones).table
    tones.write_bytes(b"\xef\xbb\xbf" + tones.read_bytes().replace(b"\n", b"\r\n"))
    assert read_manifest(tones).table.equals(expected)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("utterance_id", "s0-0-0", "line 5: utterance_id: 's0-0-0' stands here for the second time"),
        ("utterance_id", None, "line 5: utterance_id: is empty"),
        ("speaker_id", " ", "line 5: speaker_id: is empty"),
        ("session_id", None, "line 5: session_id: is empty"),
        ("path", "/etc/passwd", "line 5: path: '/etc/passwd' leaves the audio root"),
        ("path", "audio/../../x.flac", "line 5: path: 'audio/../../x.flac' leaves the audio root"),
        ("path", "..\\x.flac", "leaves the audio root"),
        ("path", "audio/gone.flac", "gone.flac' is missing"),
        ("duration_s", "0", "line 5: duration_s: is not a number of seconds above 0"),
        ("duration_s", "nan", "line 5: duration_s: is not a number"),
        ("duration_s", "long", "line 5: duration_s: is not a number"),
        ("duration_s", "9", "lasts 0.75 s, not 9.00 s"),
    ],
)
def test_a_bad_row_is_named(tones: Path, column: str, value: str | None, message: str) -> None:
    edit(tones, set_cell(3, column, value))
    with pytest.raises(InputError, match=r"manifest\.csv") as caught:
        read_manifest(tones)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_further_bad_rows_are_counted(tones: Path) -> None:
    edit(tones, lambda table: table.with_columns(speaker_id=pl.lit("")))
    with pytest.raises(InputError, match=r"line 2: speaker_id: is empty \(31 more rows like it\)"):
        read_manifest(tones)


def test_bad_audio_is_named(tones: Path) -> None:
    first = read_manifest(tones).paths()[0]
    first.write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(InputError, match=r"line 2: path: .*s0-0-0.flac' cannot be read as audio"):
        read_manifest(tones)
    soundfile.write(first, np.empty(0), 16000, format="WAV")
    with pytest.raises(InputError, match=r"s0-0-0.flac' holds no audio"):
        read_manifest(tones)
    assert read_manifest(tones, check_audio=False).table.height == 32


def test_bad_files_are_named(tmp_path: Path, tones: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest.parquet or manifest.csv"):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match=r"nothing.csv: no such manifest"):
        read_manifest(tmp_path / "nothing.csv")
    edit(tones, lambda table: table.head(0))
    with pytest.raises(InputError, match="holds no utterances"):
        read_manifest(tones)
    tones.write_text("utterance_id;path;speaker_id\na;b;c\n")
    with pytest.raises(InputError, match=r"no column 'utterance_id'; found utterance_id;path.*commas"):
        read_manifest(tones)
    tones.with_suffix(".parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_manifest(tones.with_suffix(".parquet"))


def test_another_audio_root(tones: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.csv"
    tones.rename(moved)
    with pytest.raises(InputError, match="is missing"):
        read_manifest(moved)
    assert read_manifest(moved, audio_root=tones.parent).table.height == 32


def test_two_values_of_what_belongs_to_a_person_are_named(tones: Path) -> None:
    edit(tones, set_cell(3, "gender", "female"))
    message = r"manifest.csv: gender: speaker 's0' has 'female' and 'male'; a speaker has one$"
    with pytest.raises(InputError, match=message):
        read_manifest(tones).speakers()
    edit(tones, lambda table: table.with_columns(country=pl.Series(["UK", None] * 16)))
    edit(tones, lambda table: table.with_columns(gender=pl.lit("female")))
    message = r"country: speaker 's0' has '' and 'UK'; a speaker has one \(7 more speakers like it\)"
    with pytest.raises(InputError, match=message):
        read_manifest(tones).speakers()


def test_an_empty_cell_and_a_missing_one_are_the_same(tones: Path) -> None:
    manifest = read_manifest(tones)
    table = manifest.table.with_columns(country=pl.Series(["", None] * 16))
    assert Manifest(table, manifest.audio_root, tones).speakers().columns[-1] == "country"


def test_speakers_have_their_constant_attributes(tones: Path) -> None:
    edit(tones, lambda table: table.with_columns(codec=pl.Series(["a", "b"] * 16)))
    speakers = read_manifest(tones).speakers()
    assert speakers.columns == ["speaker_id", "gender", "country"]
    assert speakers["speaker_id"].to_list() == [f"s{i}" for i in range(8)]
    assert speakers["gender"].to_list() == ["male", "female"] * 4
