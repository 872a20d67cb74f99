"""Columns of a manifest that say where audio is, and ids that are not fit to be ids."""

import unicodedata
from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.manifests.recording import Recording

ROWS = {
    "utterance_id": ["a", "b", "c"],
    "path": ["x.wav", "x.wav", "y.wav"],
    "speaker_id": ["s", "s", "t"],
    "session_id": ["s", "s", "t"],
    "duration_s": [1.0, 2.5, 4.0],
}


def write(folder: Path, suffix: str = "csv", **columns: list[object]) -> Path:
    path = folder / f"manifest.{suffix}"
    table = pl.DataFrame(ROWS | columns)
    table.write_csv(path) if suffix == "csv" else table.write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_where_an_utterance_is_in_its_file(suffix: str, tmp_path: Path) -> None:
    path = write(
        *(tmp_path, suffix),
        start_s=[0.0, 1.25, None],
        audio_channel=[2, None, 1],
        byte_offset=[None, None, 512],
        byte_size=[None, None, 100],
        codec=["x", "y", "z"],
    )
    manifest = read_manifest(path)
    assert manifest.attributes == ["codec"]
    root = tmp_path.resolve()
    assert [manifest.recording(row) for row in range(3)] == [
        Recording(root / "x.wav", start_s=0.0, length_s=1.0, channel=2),
        Recording(root / "x.wav", start_s=1.25, length_s=2.5),
        Recording(root / "y.wav", 512, 100, channel=1),
    ]


@pytest.mark.fault("manifests that are wrong")
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"start_s": ["0", "-1", "0"]}, "line 3: start_s: '-1' is not a number of seconds of at least 0"),
        ({"start_s": ["0", "1:30", ""]}, "line 3: start_s: '1:30' is not a number of seconds of at least 0"),
        (
            {"start_s": ["nan", "inf", ""]},
            "'nan' is not a number of seconds of at least 0 (1 more rows like it)",
        ),
        ({"audio_channel": ["1", "0", "1"]}, "'0' is not the number of a channel, 1 for the first"),
        ({"audio_channel": ["1", "left", "1"]}, "'left' is not the number of a channel, 1 for the first"),
        (
            {"byte_offset": ["0", "", ""]},
            "no column 'byte_size'; a packed recording has byte_offset and byte_size",
        ),
        (
            {"byte_offset": ["0", "x", ""], "byte_size": ["1", "1", ""]},
            "line 3: byte_offset: 'x' is not a whole number of bytes of at least 0",
        ),
        (
            {"byte_offset": ["-512", "", ""], "byte_size": ["1", "", ""]},
            "line 2: byte_offset: '-512' is not a whole number of bytes of at least 0",
        ),
        (
            {"byte_offset": ["0", "", ""], "byte_size": ["0", "", ""]},
            "line 2: byte_size: '0' is not a whole number of bytes above 0",
        ),
        (
            {"byte_offset": ["0", "9", ""], "byte_size": ["1", "", ""]},
            "line 3: byte_offset and byte_size: one is given without the other",
        ),
        (
            {"utterance_id": ["a", "b", "a"]},
            "line 4: utterance_id: 'a' stands here for the second time, first in line 2",
        ),
    ],
)
def test_a_bad_place_is_named(columns: dict[str, list[object]], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_manifest(write(tmp_path, **columns))
    assert str(caught.value).startswith(f"{tmp_path / 'manifest.csv'}: ")
    assert str(caught.value).endswith(message)


@pytest.mark.fault("names that are no names")
@pytest.mark.parametrize("column", ["utterance_id", "speaker_id", "session_id", "path"])
def test_names_with_line_ends_are_refused(column: str, tmp_path: Path) -> None:
    path = write(tmp_path, "parquet", **{column: ["a\nb", "b", "c"]})
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    message = f"{path}: row 1: {column}: 'a\ufffdb' holds a line end or another control character"
    assert str(caught.value) == message


@pytest.mark.fault("names composed here and decomposed there")
def test_names_are_composed_and_the_path_is_as_it_is_on_the_disk(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Jos\u00e9")
    columns = {one: [name, "b", "c"] for one in ("speaker_id", "utterance_id", "path", "town")}
    manifest = read_manifest(write(tmp_path, **columns))
    for one in ("speaker_id", "utterance_id", "town"):
        assert manifest.table[one][0] == "Jos\u00e9"
    assert manifest.recording(0).path.name == name


@pytest.mark.fault("names composed here and decomposed there")
@pytest.mark.parametrize("column", ["utterance_id", "speaker_id"])
def test_two_names_that_are_one_are_named(column: str, tmp_path: Path) -> None:
    path = write(tmp_path, **{column: ["Jos\u00e9", "Jose\u0301", "c"]})
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    assert str(caught.value) == (
        rf"{path}: {column}: 'Jos\xe9' and 'Jose\u0301' are one name in two forms of Unicode; write it in one"
    )
