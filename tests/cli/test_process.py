"""The command as a process: what standard output is, and who ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scored_files import write_scores

SVFAIR = [sys.executable, "-m", "svfair"]


@pytest.fixture
def audit(tmp_path: Path) -> list[str]:
    return [*SVFAIR, *write_scores(tmp_path)]


@pytest.mark.slow
@pytest.mark.fault("standard output")
@pytest.mark.parametrize("more", [[], ["--json"], ["--csv", "/dev/stdout"]])
def test_a_full_disk_behind_standard_output_is_one_line(audit: list[str], more: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*audit, *more], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written (No space left on device)" in done.stderr


@pytest.mark.fault("standard output")
@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_has_a_full_disk_too(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*SVFAIR, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "svfair: standard output cannot be written (No space left on device)\n"


@pytest.mark.slow
@pytest.mark.fault("standard output")
def test_a_reader_that_leaves_is_no_error_to_speak_of(audit: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*audit, "--json"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.fault("hostile names")
def test_names_outside_the_terminals_encoding_are_written_in_some_way(tmp_path: Path) -> None:
    words = write_scores(tmp_path, ("Zoé", "語"), "country")
    ascii_alone = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*SVFAIR, *words], capture_output=True, env=ascii_alone, check=False)
    assert done.returncode == 0, done.stderr
    assert rb"Zo\xe9" in done.stdout
    assert rb"\u8a9e" in done.stdout


@pytest.mark.slow
@pytest.mark.fault("standard output")
def test_json_is_the_same_on_any_terminal(tmp_path: Path) -> None:
    words = [*write_scores(tmp_path, ("Zoé", "語"), "country"), "--json"]
    outputs = [
        subprocess.run(
            [*SVFAIR, *words], capture_output=True, env=os.environ | {"PYTHONIOENCODING": name}, check=True
        ).stdout
        for name in ("ascii", "utf-8")
    ]
    assert outputs[0] == outputs[1]
    assert "Zoé" in str(json.loads(outputs[0]))


IN_A_COMMAND = """
def work():
    with written_whole(path) as temporary:
        temporary.write_text("half")
        path.with_name("begun").touch()
        time.sleep(60)
"""

# No exception leaves a destructor: Python prints it and goes on.
IN_A_DESTRUCTOR = """
class Slow:
    def __del__(self):
        path.with_name("begun").touch()
        time.sleep(2)

def work():
    with written_whole(path) as temporary:
        temporary.write_text("half")
        Slow()
        time.sleep(60)
"""

AT_THE_END = """
def work():
    atexit.register(lambda: [path.with_name("begun").touch(), time.sleep(60)])
"""


@pytest.mark.fault("processes that are killed")
@pytest.mark.parametrize(
    ("work", "code"), [(IN_A_COMMAND, 143), (IN_A_DESTRUCTOR, 143), (AT_THE_END, -signal.SIGTERM)]
)
def test_sigterm_ends_a_command_wherever_it_is_and_leaves_no_unfinished_file(
    tmp_path: Path, work: str, code: int
) -> None:
    program = f"""
import atexit, sys, time
from pathlib import Path
import typer
from svfair.cli.process import run_as_process
from svfair.files import written_whole

path = Path(sys.argv[1])
{work}
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(work)
run_as_process(lambda prog_name: app([], prog_name=prog_name))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a.txt")], stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert errors == ""
    assert [one.name for one in tmp_path.iterdir()] == ["begun"]
