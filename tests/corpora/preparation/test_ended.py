"""A preparation that is ended from outside, or cannot write, leaves nothing half-written and can go on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.manifests import read_manifest


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Recordings with several utterances each, in a table."""
    random = np.random.default_rng(0)
    rows = ["path,speaker_id,start,stop"]
    for number in range(240):
        path = tmp_path / "source" / f"s{number % 4}" / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * random.standard_normal(44100 * 4), 44100)
        name = path.relative_to(tmp_path / "source")
        rows += [f"{name},s{number % 4},{j * 1.3},{(j + 1) * 1.3}" for j in range(3)]
    (tmp_path / "source" / "all.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "source"


def command(source: Path, out: Path, store: str) -> list[str]:
    words = [
        "prepare",
        "table",
        str(source),
        str(out),
        "--table",
        "all.csv",
        "--store",
        store,
        "--workers",
        "2",
    ]
    return [sys.executable, "-m", "svfair", *words]


def nobody_is_left(group: int) -> bool:
    """Return whether a group of processes ends within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.fault("processes that are killed")
@pytest.mark.parametrize("store", ["flac", "packed"])
def test_terminated_alone_it_ends_its_workers_and_goes_on(store: str, source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    subprocess.run(command(source, whole, store), check=True, capture_output=True)
    ended = 0
    for seconds in (1.5, 2.5, 3.5):
        # The signal goes to the command alone, as from a job scheduler.
        process = subprocess.Popen(
            command(source, out, store), stderr=subprocess.PIPE, start_new_session=True
        )
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert b"Traceback" not in errors
        ended += process.returncode == 143
        assert nobody_is_left(process.pid)
        assert not list(out.rglob("*.part*"))
    assert ended >= 1
    subprocess.run(command(source, out, store), check=True, capture_output=True)
    made, expected = contents(out), contents(whole)
    # The two know the same source, and no more of each other.
    assert made == expected
    assert read_manifest(out).table.height == 720


@pytest.mark.slow
@pytest.mark.fault("outputs that cannot be written")
def test_a_closed_pipe_behind_its_messages_is_no_end_of_the_preparation(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    soundfile.write(source / "a1.wav", np.random.default_rng(0).standard_normal(8000) * 0.1, 16000)
    words = ["prepare", "table", source, out, "--pattern", r"(?<speaker_id>a)\d", "--workers", "1"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "svfair", *words], stderr=write, check=False)
    os.close(write)
    assert done.returncode != 0
    assert not list(out.rglob("*.part*"))
    subprocess.run([sys.executable, "-m", "svfair", *words], check=True, capture_output=True)
    assert read_manifest(out).table.height == 1


@pytest.mark.slow
@pytest.mark.fault("outputs that cannot be written")
@pytest.mark.parametrize("store", ["source", "flac"])
def test_a_folder_that_cannot_be_made_is_one_line(store: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    soundfile.write(source / "a1.wav", np.random.default_rng(0).standard_normal(8000) * 0.1, 16000)
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "out", Path("/proc/out")):
        words = ["prepare", "table", source, out, "--pattern", r"(?<speaker_id>a)\d", "--store", store]
        done = subprocess.run(
            [sys.executable, "-m", "svfair", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"svfair: {out}: ")
        assert done.stderr.count("\n") == 1
