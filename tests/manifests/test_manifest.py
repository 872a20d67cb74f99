from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests.manifest import Manifest, read_manifest
from svfair.tables.writing import write_table


def edit(manifest: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_csv(manifest, infer_schema=False)).write_csv(manifest)


def set_cell(row: int, column: str, value: str | None) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def change(table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(
            pl.Series(column, [value if i == row else old for i, old in enumerate(table[column])])
        )

    return change


def test_reads_csv_parquet_and_folders_alike(listed: Path) -> None:
    from_csv = read_manifest(listed)
    write_table(from_csv.written, listed.with_suffix(".parquet"))
    assert from_csv.table.equals(read_manifest(listed.parent).table)
    assert from_csv.table.schema["duration_s"] == pl.Float64
    assert from_csv.attributes == ["gender", "country", "country_region"]
    assert from_csv.recording(0).path == listed.parent / "audio" / "s0-0-0.flac"


def test_byte_order_mark_and_windows_line_ends(listed: Path) -> None:
    expected = read_manifest(listed).table
    listed.write_bytes(b"\xef\xbb\xbf" + listed.read_bytes().replace(b"\n", b"\r\n"))
    assert read_manifest(listed).table.equals(expected)


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
        ("duration_s", "0", "line 5: duration_s: is not a number of seconds above 0"),
        ("duration_s", "nan", "line 5: duration_s: is not a number"),
        ("duration_s", "long", "line 5: duration_s: is not a number"),
    ],
)
def test_a_bad_row_is_named(listed: Path, column: str, value: str | None, message: str) -> None:
    edit(listed, set_cell(3, column, value))
    with pytest.raises(InputError, match=r"manifest\.csv") as caught:
        read_manifest(listed)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_further_bad_rows_are_counted(listed: Path) -> None:
    edit(listed, lambda table: table.with_columns(speaker_id=pl.lit("")))
    with pytest.raises(InputError, match=r"line 2: speaker_id: is empty \(31 more rows like it\)"):
        read_manifest(listed)


def test_bad_files_are_named(tmp_path: Path, listed: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest.parquet or manifest.csv"):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match=r"nothing.csv: no such manifest"):
        read_manifest(tmp_path / "nothing.csv")
    edit(listed, lambda table: table.head(0))
    with pytest.raises(InputError, match="holds no utterances"):
        read_manifest(listed)
    listed.write_text("utterance_id;path;speaker_id\na;b;c\n")
    with pytest.raises(InputError, match=r"no column 'session_id'; found utterance_id, path"):
        read_manifest(listed)
    listed.with_suffix(".parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_manifest(listed.with_suffix(".parquet"))


def test_another_audio_root(listed: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.csv"
    listed.rename(moved)
    for root in (None, listed.parent):
        manifest = read_manifest(moved, audio_root=root)
        assert manifest.audio_root == (root or tmp_path).resolve()
        assert manifest.recording(0).path == manifest.audio_root / "audio" / "s0-0-0.flac"


def test_two_values_of_what_belongs_to_a_person_are_named(listed: Path) -> None:
    edit(listed, set_cell(3, "gender", "female"))
    message = r"manifest.csv: gender: speaker 's0' has 'female' and 'male'; a speaker has one$"
    with pytest.raises(InputError, match=message):
        read_manifest(listed).speakers()
    edit(listed, lambda table: table.with_columns(country=pl.Series(["UK", None] * 16)))
    edit(listed, lambda table: table.with_columns(gender=pl.lit("female")))
    message = r"country: speaker 's0' has '' and 'UK'; a speaker has one \(7 more speakers like it\)"
    with pytest.raises(InputError, match=message):
        read_manifest(listed).speakers()


def test_an_empty_cell_and_a_missing_one_are_the_same(listed: Path) -> None:
    manifest = read_manifest(listed)
    table = manifest.written.with_columns(country=pl.Series(["", None] * 16))
    assert "country" in Manifest(table, manifest.audio_root, listed).speakers().columns


def test_speakers_have_their_constant_attributes(listed: Path) -> None:
    edit(listed, lambda table: table.with_columns(codec=pl.Series(["a", "b"] * 16)))
    speakers = read_manifest(listed).speakers()
    assert speakers.columns == ["speaker_id", "gender", "country", "country_region"]
    assert speakers["speaker_id"].to_list() == [f"s{i}" for i in range(8)]
    assert speakers["gender"].to_list() == ["male", "female"] * 4


def test_genders_and_regions_are_uniform_and_what_was_written_is_kept(listed: Path) -> None:
    spelled = ["m", "F", "Male", "woman", "male", "x", "M", "f"]
    edit(listed, lambda table: table.with_columns(gender=pl.Series([g for g in spelled for _ in range(4)])))
    manifest = read_manifest(listed)
    expected = ["male", "female", "male", "female", "male", "unknown", "male", "female"]
    assert manifest.table["gender"].gather_every(4).to_list() == expected
    assert manifest.written["gender"].gather_every(4).to_list() == spelled
    assert manifest.table["country_region"].gather_every(4).to_list() == ["US", "UK", "other"] * 2 + [
        "US",
        "UK",
    ]
    assert "country_region" not in manifest.written.columns
    assert manifest.speakers()["gender"].to_list() == expected


def test_two_spellings_of_one_gender_are_no_contradiction(listed: Path) -> None:
    edit(listed, set_cell(0, "gender", "M"))
    assert read_manifest(listed).speakers()["gender"][0] == "male"


def test_the_part_of_some_speakers_keeps_them_whole(listed: Path) -> None:
    part = read_manifest(listed).of_speakers(["s1", "s4"])
    assert part.table["speaker_id"].unique().sort().to_list() == ["s1", "s4"]
    assert part.table.height == 8


def test_a_row_of_parquet_is_no_line(listed: Path) -> None:
    table = read_manifest(listed).written.with_columns(speaker_id=pl.lit(""))
    write_table(table, listed.with_suffix(".parquet"))
    with pytest.raises(InputError, match="row 1: speaker_id: is empty"):
        read_manifest(listed.with_suffix(".parquet"))
    assert read_manifest(listed).place(3) == "line 5"
