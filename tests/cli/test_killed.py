"""Commands that are killed leave whole files or none, and give the same bytes when they are run again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.fault("processes that are killed")]

Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Return the files below a folder, but for those that say that they are unfinished."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.endswith(".part") for part in path.relative_to(folder).parts)
    }


def start(words: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    """Start a command in a folder, in a group of its own: a terminal's signals reach its workers, too."""
    return subprocess.Popen(
        [sys.executable, "-m", "svfair", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def finish(words: list[str], folder: Path) -> float:
    """Run a command to its end; return how many seconds it took."""
    began = time.monotonic()
    process = start(words, folder)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return time.monotonic() - began


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("command", ["synth", "prepare", "embed", "trials", "subset", "audit"])
def test_a_killed_command_run_again_is_as_if_never_killed(
    tmp_path: Path, words_of: Callable[[str], list[str]], command: str, how: signal.Signals
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    words = words_of(command)
    seconds = finish(words, whole)
    wanted = tree(whole)
    assert wanted
    # Most of a command's time is its start, so the later points matter most.
    for share in (0.5, 0.8, 0.95):
        process = start(words, killed)
        time.sleep(share * seconds)
        os.killpg(process.pid, how)
        process.communicate(timeout=60)
        if tree(killed) == wanted:  # it was done before
            break
        for name, content in tree(killed).items():
            assert name not in wanted or content == wanted[name], name
    else:
        finish(words, killed)
    assert tree(killed) == wanted
