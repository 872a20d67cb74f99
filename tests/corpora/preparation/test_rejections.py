"""What is left out: each file under the right kind, whatever its message says, and no file twice."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from svfair.corpora.preparation.options import Options
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.table import Table
from svfair.errors import InputError
from svfair.manifests import read_manifest

KINDS = {
    "cut.flac": ("cut off", "is cut off: it ends before the 2.00 s of its header"),
    "cut.wav": ("cut off", "is cut off: its header says 16,000 bytes of audio, there are 7,956"),
    "empty.wav": ("empty", "is empty (0 bytes)"),
    "gone.wav": ("missing", "no such file"),
    "line\ufffdend.wav": ("unusable name", "its name holds a line end or another control character"),
    "loop": ("bad link", "symbolic link to a folder above it"),
    "nonsense.wav": ("unreadable", "cannot be read as audio (Format not recognised.)"),
    "nowhere.wav": ("bad link", "cannot be looked at (No such file or directory)"),
    "same-id.wav": ("duplicate", "another file has the same utterance id, 'good-0.wav'"),
    "short.wav": ("too short", "too short: 0.062 s"),
    "silent.wav": ("empty", "holds no audio"),
    "text\ufffd.wav": ("unusable name", "its name is not UTF-8 text"),
    "twin.wav": ("duplicate", "the same recording as good-1.wav"),
}
#: What is found when it is decoded.
DAMAGED = {"decoded.flac": ("unreadable", "cannot be read as audio (Error : flac decoder lost sync.)")}

#: Files that the table does not list, or lists under another file's name.
OUTSIDE = ("loop", "nowhere.wav", "same-id.wav")


def write(path: Path, seconds: float, seed: int) -> None:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * 16000))
    soundfile.write(path, noise, 16000)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Six good files, and one for each way to be rejected."""
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(6):
        write(root / f"good-{number}.wav", 0.5, number)
    good = (root / "good-1.wav").read_bytes()
    (root / "cut.wav").write_bytes(good[:8000])
    (root / "empty.wav").write_bytes(b"")
    (root / "line\nend.wav").write_bytes(good)
    (root / "loop").symlink_to(root)
    (root / "nonsense.wav").write_bytes(b"RIFF nonsense that is no audio at all")
    (root / "nowhere.wav").symlink_to("nothing.wav")
    write(root / "same-id.wav", 0.5, 7)
    write(root / "short.wav", 0.0625, 8)
    soundfile.write(root / "silent.wav", np.zeros(0, np.float32), 16000)
    Path(os.fsdecode(os.fsencode(root) + b"/text\xff.wav")).write_bytes(good)
    (root / "twin.wav").write_bytes(good)
    write(root / "decoded.flac", 2.0, 9)
    content = (root / "decoded.flac").read_bytes()
    (root / "cut.flac").write_bytes(content[: len(content) // 2])
    third = len(content) // 3
    (root / "decoded.flac").write_bytes(content[:third] + bytes(third // 2) + content[third + third // 2 :])
    listed = [*(f"good-{number}.wav" for number in range(6)), "decoded.flac", *KINDS]
    rows = [f"{name},{name},s,x" for name in listed if "\ufffd" not in name and name not in OUTSIDE]
    rows.append("same-id.wav,good-0.wav,s,x")
    (root / "list.csv").write_text("\n".join(["path,utterance_id,speaker_id,kind", *rows, ""]))
    return root


@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_every_kind(store: str, tree: Path, tmp_path: Path) -> None:
    options = Options(store=store, workers=1, max_rejected=0.8)  # type: ignore[arg-type]
    made = prepare(Table(table="list.csv"), tree, tmp_path / "out", options)
    expected = KINDS if store == "source" else KINDS | DAMAGED
    table = pl.read_csv(tmp_path / "out" / "rejected.csv", infer_schema=False)
    assert table.columns == ["path", "kind", "reason"]
    found = {path: (kind, reason) for path, kind, reason in table.iter_rows()}
    assert table["path"].to_list() == sorted(expected)
    assert {path: kind for path, (kind, _) in found.items()} == {
        path: kind for path, (kind, _) in expected.items()
    }
    for path, (_, reason) in expected.items():
        assert found[path][1].startswith(reason)
    assert made.rejected == {
        "unreadable": 1 if store == "source" else 2,
        **{"bad link": 2, "duplicate": 2, "empty": 2, "unusable name": 2},
        **{"cut off": 2, "missing": 1, "too short": 1},
    }
    assert list(made.rejected.values()) == sorted(made.rejected.values(), reverse=True)
    manifest = read_manifest(tmp_path / "out")
    assert manifest.table.height == (7 if store == "source" else 6)
    assert manifest.table["kind"].to_list() == ["x"] * manifest.table.height


@pytest.mark.parametrize("store", ["source", "flac"])
def test_a_file_that_a_table_lists_twice_is_one_utterance(store: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        write(source / f"{number}.wav", 0.5, number)
    (source / "list.csv").write_text("path,utterance_id,speaker_id\n0.wav,a,s\n1.wav,b,s\n0.wav,c,s\n")
    options = Options(store=store, workers=1, max_rejected=0.5)  # type: ignore[arg-type]
    made = prepare(Table(table="list.csv"), source, tmp_path / "out", options)
    assert made.rejected == {"duplicate": 1}
    assert made.notes == ("1 audio files do not belong to what is prepared, such as 2.wav",)
    assert read_manifest(tmp_path / "out").table["utterance_id"].to_list() == ["a", "b"]
    table = pl.read_csv(tmp_path / "out" / "rejected.csv")
    assert table.rows() == [("0.wav", "duplicate", "another utterance has this file, 'a'; 'c' is left out")]


def test_audio_is_written_anew_when_the_table_calls_it_otherwise(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    write(source / "0.wav", 0.5, 0)
    for name in ("first", "second"):
        (source / "list.csv").write_text(f"path,utterance_id,speaker_id\n0.wav,{name},s\n")
        prepare(Table(table="list.csv"), source, out, Options(store="packed", workers=1))
        assert read_manifest(out).table["utterance_id"].to_list() == [name]


def test_a_share_that_is_allowed_and_one_that_is_not(tree: Path, tmp_path: Path) -> None:
    # 13 files are rejected, of the 20 that the table and the links name.
    corpus = Table(table="list.csv")
    prepare(corpus, tree, tmp_path / "out", Options(workers=1, max_rejected=0.65))
    with pytest.raises(InputError, match=r"13 of 20 files are rejected .* more than max_rejected 0.64"):
        prepare(corpus, tree, tmp_path / "other", Options(workers=1, max_rejected=0.64))
    assert not (tmp_path / "other" / "manifest.parquet").exists()
