"""A run as a process: killed, stopped, started twice, on a disk that is full."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.training import Recipe, RunFolder, open_run, plan_run, train

Make = Callable[..., Recipe]
Command = Callable[..., list[str]]

BUSY = pytest.mark.fault("two processes on one run folder")
FULL = pytest.mark.fault("disks that are full")
KILLED = pytest.mark.fault("processes that are killed")
DENIED = pytest.mark.fault("folders that cannot be used")

#: Long enough to be met in the middle.
STEPS = 60


@pytest.fixture
def command(tmp_path: Path, tones: Path, tiny: dict[str, str]) -> Command:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: short\n")
    fields = tiny | {
        "training.steps": str(STEPS),
        "data.stratify": "[gender]",
        "objective.method": "{name: pairwise, regions: 2, refit_every: 2}",
    }
    del fields["objective.method.regions"]

    def make(out: Path, *more: str) -> list[str]:
        settings = [part for name, value in fields.items() for part in ("--set", f"{name}={value}")]
        start = [
            sys.executable,
            "-m",
            "svfair",
            "train",
            str(recipe),
            "--data",
            str(tones),
            "--out",
            str(out),
        ]
        return [*start, "--no-evaluate", *settings, *more]

    return make


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_command(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def until(process: subprocess.Popen[str], run: RunFolder, lines: int) -> None:
    """Wait until a process has logged some lines."""
    while process.poll() is None:
        if run.metrics.is_file() and run.metrics.read_text().count("\n") >= lines:
            return
        time.sleep(0.01)


def check_equal(run: RunFolder, whole: RunFolder) -> None:
    assert run.metrics.read_text() == whole.metrics.read_text()
    weights, same = load_file(whole.extractor), load_file(run.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)


@KILLED
@pytest.mark.slow
def test_killed_at_random_points_a_run_ends_as_an_uninterrupted_one(tmp_path: Path, command: Command) -> None:
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    began = time.monotonic()
    assert run_command(command(whole.path))[0] == 0
    lasts = time.monotonic() - began
    waits = random.Random(0)
    kills = 0
    for _ in range(5):
        process = start(command(run.path, "--resume"))
        # Half of the kills come while it trains, and so amid checkpoints.
        if waits.random() < 0.5:
            until(process, run, waits.randrange(1, STEPS))
        else:
            time.sleep(waits.uniform(0, lasts))
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
    assert kills
    assert run_command(command(run.path, "--resume"))[0] == 0
    check_equal(run, whole)
    assert len(list(run.checkpoints.iterdir())) <= 2


@KILLED
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_leaves_a_checkpoint_and_says_by_which_signal(
    tmp_path: Path, command: Command, number: signal.Signals, code: int
) -> None:
    run = RunFolder(tmp_path / "run")
    process = start(command(run.path))
    until(process, run, 3)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == code
    advice = "Interrupted. A checkpoint is left; the same command with --resume goes on."
    assert said.strip().splitlines()[-1] == advice
    assert not run.is_trained
    step = json.loads(run.metrics.read_text().splitlines()[-1])["step"]
    newest = max(run.checkpoints.glob("CKPT*"))
    assert f"step: {step}\n" in (newest / "brain.ckpt").read_text()


@BUSY
@pytest.mark.slow
def test_a_second_process_on_a_run_folder_is_refused(tmp_path: Path, command: Command) -> None:
    run = RunFolder(tmp_path / "run")
    process = start(command(run.path))
    until(process, run, 1)
    os.kill(process.pid, signal.SIGSTOP)  # it cannot end before the second one looks
    refused = (
        2,
        f"svfair: {run.path}: another process is training in it; wait for it, or name another folder",
    )
    assert run_command(command(run.path, "--resume")) == refused
    process.kill()
    process.communicate()
    assert run_command(command(run.path, "--resume"))[0] == 0


@BUSY
def test_a_folder_in_use_is_refused_and_free_again_afterwards(
    tmp_path: Path, tones: Path, make: Make
) -> None:
    run = open_run(tmp_path / "run", make(), resume=False)
    plan = plan_run(make(), read_manifest(tones))
    holds = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(1, flush=True)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", f"{holds}; sys.stdin.read()", str(run.path / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    other.stdout.readline()
    for use in (lambda: open_run(run.path, make(), resume=True), lambda: train(plan, run, progress=False)):
        with pytest.raises(InputError) as caught:
            use()
        assert str(caught.value) == (
            f"{run.path}: another process is training in it; wait for it, or name another folder"
        )
    other.kill()
    other.communicate()
    with run.claimed(), run.claimed():  # one process may claim it twice
        pass
    assert train(plan, run, progress=False)


@FULL
@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 3_000, 40_000])
def test_where_no_file_can_grow_one_line_says_so(tmp_path: Path, command: Command, room: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    run = RunFolder(tmp_path / "run")
    done = subprocess.run(command(run.path), capture_output=True, text=True, timeout=300, preexec_fn=limit)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert last.startswith("svfair: ")
    assert "cannot be written (File too large)" in last
    assert not list(run.path.rglob("*.part"))
    assert not list(run.checkpoints.glob("part+*"))
    assert run_command(command(run.path, "--resume"))[0] == 0


@DENIED
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, make: Make) -> None:
    with pytest.raises(InputError, match=r"^/proc/run: cannot be made \("):
        open_run(Path("/proc/run"), make(), resume=False)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError) as caught:
        open_run(file, make(), resume=False)
    assert str(caught.value) == f"{file}: is a file; name a folder for the run"
    with pytest.raises(InputError, match=r"file/run: cannot be (made|read) \(Not a directory\)$"):
        open_run(file / "run", make(), resume=False)


@DENIED
@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, make: Make) -> None:
    run = open_run(tmp_path / "run", make(), resume=False)
    (run.path / ".lock").unlink()
    run.path.chmod(0o500)
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)$"):
        open_run(run.path, make(), resume=True)


@DENIED
def test_a_folder_of_something_else_stays_as_it_is(tmp_path: Path, make: Make) -> None:
    (tmp_path / "letter").touch()
    for resume in (False, True):
        with pytest.raises(InputError, match=r"already exists; give resume|not a run folder"):
            open_run(tmp_path, make(), resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


@KILLED
@pytest.mark.parametrize(
    "left", [[], [".lock"], [".lock", "environment.json"], [".lock", "config.yaml.part"]]
)
def test_a_run_killed_as_it_began_is_begun_again(tmp_path: Path, make: Make, left: list[str]) -> None:
    path = tmp_path / "run"
    path.mkdir()
    for name in left:
        (path / name).write_text("{")
    run = open_run(path, make(), resume=False)
    assert run.recipe() == make()
    assert json.loads(run.environment.read_text())["threads"] == 1


@pytest.mark.parametrize("threads", [3, None])
def test_the_threads_that_a_run_has_are_written_down(tmp_path: Path, make: Make, threads: int | None) -> None:
    run = open_run(tmp_path / "run", make({"training.threads": threads}), resume=False)
    expected = threads or torch.get_num_threads()
    assert json.loads(run.environment.read_text())["threads"] == expected
