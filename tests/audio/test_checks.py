from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from svfair.audio import check_audio
from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.tables import write_table


def edit(manifest: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_csv(manifest, infer_schema=False)).write_csv(manifest)


def problem(manifest: Path) -> str:
    with pytest.raises(InputError, match=r"manifest\.") as caught:
        check_audio(read_manifest(manifest))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_audio_that_is_there_and_lasts_as_stated_is_fine(tones: Path) -> None:
    check_audio(read_manifest(tones))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("path", "audio/gone.flac", "gone.flac' is missing"),
        ("duration_s", "9", "line 5: path: "),
        ("duration_s", "9", "lasts 0.75 s, not 9.00 s as duration_s says"),
    ],
)
def test_a_bad_row_is_named(tones: Path, column: str, value: str, message: str) -> None:
    row = pl.int_range(pl.len()) == 3
    edit(
        tones,
        lambda table: table.with_columns(pl.when(row).then(pl.lit(value)).otherwise(column).alias(column)),
    )
    assert message in problem(tones)


def test_bad_audio_is_named_and_counted(tones: Path) -> None:
    first, second = (tones.parent / "audio" / f"s0-0-{number}.flac" for number in (0, 1))
    first.write_bytes(b"fLaC" + bytes(100))
    second.unlink()
    assert "line 2: path: " in problem(tones)
    assert "s0-0-0.flac' cannot be read as audio" in problem(tones)
    assert problem(tones).endswith("(1 more rows like it)")
    soundfile.write(first, np.empty(0), 16000, format="WAV")
    assert "s0-0-0.flac' holds no audio" in problem(tones)
    write_table(read_manifest(tones).written, tones.with_suffix(".parquet"))
    assert "row 1: path: " in problem(tones.with_suffix(".parquet"))


def test_another_audio_root(tones: Path, tmp_path: Path) -> None:
    moved = tmp_path / "manifest.csv"
    tones.rename(moved)
    assert "is missing" in problem(moved)
    check_audio(read_manifest(moved, audio_root=tones.parent))
