"""Names of stored files: the id where it can be, and never the same for two utterances."""

import tarfile
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.audio import check_audio, read_audio
from svfair.corpora.preparation.names import file_names
from svfair.corpora.preparation.options import Options
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.table import Table
from svfair.manifests import read_manifest

HOSTILE = (
    *("a", "a/b", "a.wav", "a.mp3", "A", "a.flac/x", "a.flac", "a/b/c", "a/b.flac/c", "a-1", "a-1/b"),
    *("..", ".", "../a", "a/../b", "a//b", "/a", "a/", "/", "renamed/x", "Renamed/x", "x" * 300, "é" * 120),
    *(
        f"{'y' * 100}/{'z' * 100}" + "/w" * 600,
        "name with blanks",
        "C:\\a",
        "\u0130",
        "i\u0307",
        "stra\u00dfe",
    ),
    "strasse",
)


def check(names: list[str], cut: bool) -> None:
    """Check that files of these names can lie side by side, even where letters have no case."""
    files = [f"{name}{'-1' if cut else ''}.flac" for name in names]
    keys = [unicodedata.normalize("NFC", file.casefold()) for file in files]
    assert len(set(keys)) == len(keys)
    folders = {"/".join(key.split("/")[:count]) for key in keys for count in range(1, key.count("/") + 1)}
    assert not folders.intersection(keys)
    for file in files:
        assert file.isprintable()
        assert all(part not in ("", ".", "..") for part in file.split("/"))
        assert max(len(part.encode()) for part in file.split("/")) < 240
        assert len(file.encode()) < 1100


def test_what_can_be_a_name_is_one() -> None:
    utterances = ["id10001/VIDEO/00001.wav", "id10001/VIDEO/00002", "talk 1", "a", "a/b", "zoé/1.opus"]
    expected = ["id10001/VIDEO/00001", "id10001/VIDEO/00002", "talk 1", "a", "a/b", "zoé/1"]
    assert file_names(utterances, cut=False) == expected
    assert file_names(["a.wav", "b"], cut=True) == ["a.wav", "b"]


@pytest.mark.fault("names that are no names")
@pytest.mark.parametrize("cut", [False, True])
def test_hostile_ids_get_names_of_their_own(cut: bool) -> None:
    check(file_names(HOSTILE, cut=cut), cut)
    reverse = list(reversed(HOSTILE))
    check(file_names(reverse, cut=cut), cut)
    assert file_names(reverse, cut=cut) == file_names(reverse, cut=cut)
    if cut:  # no name with a piece behind it is another one
        names = sorted(file_names(HOSTILE, cut=True), key=str.casefold)
        assert not any(other.casefold().startswith(f"{one.casefold()}-") for one, other in pairwise(names))


@pytest.mark.fault("names that are no names")
@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.text("aAbé/.-\\\n", min_size=1, max_size=8), unique=True, max_size=12),
    st.booleans(),
)
def test_any_ids_get_names_of_their_own(utterances: list[str], cut: bool) -> None:
    check(file_names(utterances, cut=cut), cut)


@pytest.mark.fault("names that are no names")
@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_hostile_ids_are_prepared_stored_and_read(store: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    noise = np.random.default_rng(0)
    for number in range(len(HOSTILE)):
        soundfile.write(source / f"{number}.wav", 0.1 * noise.standard_normal(3200 + number), 16000)
    rows = {"path": [f"{n}.wav" for n in range(len(HOSTILE))], "utterance_id": HOSTILE, "speaker_id": "s"}
    pl.DataFrame(rows).write_parquet(source / "list.parquet")
    made = prepare(
        *(Table(table="list.parquet"), source, out),
        Options(store=store, workers=1),  # type: ignore[arg-type]
    )
    # The two that are one in composed form are told in a test of their own.
    assert (made.utterances, made.rejected) == (len(HOSTILE), {})
    manifest = read_manifest(out)
    check_audio(manifest)
    for row, name in enumerate(manifest.table["utterance_id"]):
        assert len(read_audio(manifest.recording(row))) == 3200 + HOSTILE.index(name)
    if store == "packed":
        with tarfile.open(next((out / "shards").iterdir())) as archive:
            assert len(set(archive.getnames())) == len(HOSTILE)
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside == {"source", "out"}


@pytest.mark.fault("names that are no names")
@pytest.mark.parametrize("column", ["utterance_id", "speaker_id", "session_id"])
def test_names_that_no_list_can_hold_are_rejected(column: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    noise = np.random.default_rng(0)
    for number in range(2):
        soundfile.write(source / f"{number}.wav", 0.1 * noise.standard_normal(3200), 16000)
    rows = {name: ["a", "b"] for name in ("utterance_id", "speaker_id", "session_id")}
    rows = rows | {"path": ["0.wav", "1.wav"], column: ["a", "b\nc"]}
    pl.DataFrame(rows).write_parquet(source / "list.parquet")
    made = prepare(Table(table="list.parquet"), source, out, Options(workers=1, max_rejected=0.5))
    assert made.rejected == {"unusable name": 1}
    reason = pl.read_csv(out / "rejected.csv")["reason"][0]
    assert reason == f"its {column} holds a line end or another control character"
