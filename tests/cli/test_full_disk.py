"""Writing commands on a full disk, which a limit on the size of files stands for."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run_with_little_space(
    words: list[str], folder: Path, most_bytes: int
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "svfair", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
    )


@pytest.mark.fault("disks that are full")
@pytest.mark.parametrize("most_bytes", [0, 100, 600])
@pytest.mark.parametrize("command", ["synth", "prepare", "embed", "trials", "subset", "audit"])
def test_a_full_disk_is_one_line_and_leaves_no_half(
    tmp_path: Path, words_of: Callable[[str], list[str]], command: str, most_bytes: int
) -> None:
    words = words_of(command)
    folder = tmp_path / "work"
    folder.mkdir()
    done = run_with_little_space(words, folder, most_bytes)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.replace("\r", "\n").splitlines() if line.startswith("svfair:")]
    assert len(lines) == 1, done.stderr
    assert "File too large" in lines[0], done.stderr
    assert "Traceback" not in done.stderr
    for path in folder.rglob("*"):
        assert path.is_dir() or 0 < path.stat().st_size <= most_bytes, path


@pytest.mark.fault("folders that cannot be used")
@pytest.mark.parametrize("command", ["synth", "prepare", "embed", "trials", "subset", "audit"])
def test_a_place_that_cannot_be_written_to_is_named(
    tmp_path: Path, words_of: Callable[[str], list[str]], command: str
) -> None:
    (tmp_path / "file").touch()
    words = [
        word.replace("out", "file/out") if word.startswith("out") else word for word in words_of(command)
    ]
    done = run_with_little_space(words, tmp_path, 10_000_000)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("svfair: file/out")
    assert "Not a directory" in lines[0]
