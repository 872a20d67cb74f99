"""Files that would take memory or time without end: bounded, and told in one line."""

import gzip
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.manifests.speakers import read_attributes
from svfair.tables import read_table, reading
from svfair.trials.files import read_scores, read_trials

TRIALS = b"1 id1/a/1.wav id1/b/2.wav 0.5\n0 id1/a/1.wav id2/b/3.wav 0.1\n"
READERS = [read_scores, read_trials, read_attributes, read_table]


def refused(read: Callable[[Path], object], path: Path) -> str:
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read(path)
    assert time.monotonic() - began < 30
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 1000
    return message


@pytest.mark.fault("archives that unpack to far more than they are")
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("filling", [b"\0", b"\n", TRIALS])
def test_a_gzip_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object], filling: bytes
) -> None:
    # The bound in small: blocks of 64 KiB, and 1 MiB of text.
    monkeypatch.setattr(reading, "_BLOCK", 1 << 16)
    monkeypatch.setattr(reading, "_MOST_UNPACKED", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(filling * ((1 << 25) // len(filling)), 9))
    expected = "is not a text file" if filling == b"\0" else "over 200 times its size, as no table does"
    assert expected in refused(read, path)


@pytest.mark.fault("archives that unpack to far more than they are")
def test_a_list_that_is_packed_well_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(TRIALS * 20_000))
    assert read_scores(path).height == 40_000


@pytest.mark.slow
@pytest.mark.fault("lines and headers without end")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x" * (1 << 23), "found xxx"),
        (TRIALS + b"x" * (1 << 23), "1 bad line: line 3: has 1 field instead of 4"),
        (TRIALS + b"1 a b " + b"9" * (1 << 20) + b"\n", "line 3: score '999"),
        (
            b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1,2\n",
            "line 1 has 1,000,000 fields; a table",
        ),
        (b"|" * (1 << 22), "line 1 has 4,194,305 fields; a table has at most 10,000 columns"),
        (b" ".join(b"c%d" % n for n in range(200_000)), "no known layout"),
        (b"enrol,test,label,score\n" + b'"' * (1 << 21) + b"\n", "line 2: its quotation marks do not match"),
        (b'"' * ((1 << 21) + 1) + b"\n" + TRIALS, "line 1: its quotation marks do not match"),
        (TRIALS + b"\0", "is not a text file"),
        (b"\n" * (1 << 23), "is empty"),
        (TRIALS + b"x\n" * 100_000, "100,000 bad lines: line 3: has 1 field instead of 4; line 4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lines_without_end(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "scores"
    path.write_bytes(content)
    assert message in refused(read_scores, path)
    refused(read_attributes, path)


@pytest.mark.fault("pipes and devices in place of files")
@pytest.mark.parametrize("read", READERS)
def test_a_pipe_is_refused_before_anything_of_it_is_lost(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: os.close(os.open(path, os.O_RDWR)), daemon=True)
    writer.start()
    assert "pipe: is a pipe or a device; write it to a file first" in refused(read, path)
    writer.join()
    assert "/dev/null: is a pipe or a device" in refused(read, Path("/dev/null"))


@pytest.mark.fault("folders in place of files")
@pytest.mark.parametrize("read", READERS)
def test_a_folder_is_named(tmp_path: Path, read: Callable[[Path], object]) -> None:
    assert "cannot be read (" in refused(read, tmp_path)
    assert "no: cannot be read (" in refused(read, tmp_path / "no")
