import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.files import folder_written_whole, make_folder, write_text_whole, written_whole

WRITING = "files that are written"


@pytest.mark.fault(WRITING)
def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text_whole(path, "old")

    def fail() -> None:
        with written_whole(path) as temporary:
            temporary.write_text("half")
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(WRITING)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.txt: cannot be written \(No such file or directory\)"):
        write_text_whole(tmp_path / "gone" / "a.txt", "x")


@pytest.mark.fault(WRITING)
def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written \(it is a folder\)"):
        write_text_whole(tmp_path, "x")


@pytest.mark.fault(WRITING)
def test_a_folder_is_made_with_those_above_it_or_named(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below: cannot be made \(Not a directory\)"):
        make_folder(tmp_path / "file" / "below")


@pytest.mark.fault(WRITING)
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "a.txt"
    link.symlink_to("elsewhere/b.txt")
    for text in ("first", "second"):  # what it points to is not there at first
        write_text_whole(link, text)
        assert link.is_symlink()
        assert (tmp_path / "elsewhere" / "b.txt").read_text() == text
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.fault(WRITING)
def test_a_device_stays_a_device() -> None:
    device = Path(os.devnull)
    before = device.stat()
    write_text_whole(device, "x")
    assert (device.stat().st_mode, device.stat().st_rdev) == (before.st_mode, before.st_rdev)


@pytest.mark.fault(WRITING)
def test_a_full_device_is_named() -> None:
    with pytest.raises(InputError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        write_text_whole(Path("/dev/full"), "x")


@pytest.mark.fault(WRITING)
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text_whole(pipe, "x" * 100_000)
    reader.join(10)
    assert read == ["x" * 100_000]
    assert pipe.is_fifo()


@pytest.mark.fault(WRITING)
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_goes_on_where_it_stands(tmp_path: Path, name: str) -> None:
    code = f"""
from pathlib import Path
from svfair.files import write_text_whole
print("before", flush=True)
write_text_whole(Path("{name}"), "between\\n")
print("behind")
"""
    output = tmp_path / "output"
    with output.open("wb") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert output.read_text() == "before\nbetween\nbehind\n"


@pytest.mark.fault(WRITING)
def test_of_two_writers_one_wins_and_its_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with written_whole(path) as first:
        first.write_text("first")
        with written_whole(path) as second:
            assert second != first
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(WRITING)
def test_many_writers_of_one_file_never_leave_half_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    code = """
import sys
from pathlib import Path
from svfair.files import write_text_whole
for _ in range(100):
    write_text_whole(Path(sys.argv[1]), sys.argv[2] * 200_000)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), letter]) for letter in "ab"]
    whole = {letter * 200_000 for letter in "ab"}
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            seen.add(path.read_text())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= whole
    assert path.read_text() in whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(WRITING)
def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    code = """
import os, signal, sys
from pathlib import Path
from svfair.files import written_whole
with written_whole(Path(sys.argv[1])) as temporary:
    temporary.write_text("much more than is written afterwards")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt.part"]
    write_text_whole(path, "whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault(WRITING)
def test_a_planted_link_leads_no_writer_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("old")
    (tmp_path / "a.txt.part").symlink_to("precious")
    write_text_whole(tmp_path / "a.txt", "new")
    assert (tmp_path / "precious").read_text() == "old"
    assert (tmp_path / "a.txt").read_text() == "new"


def test_rights_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text_whole(path, "old")
    path.chmod(0o600)
    write_text_whole(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("letter", ["x", "é", "語"])
def test_the_longest_name_that_a_file_system_takes(tmp_path: Path, letter: str) -> None:
    path = tmp_path / (letter * (255 // len(letter.encode())))
    write_text_whole(path, "x")
    assert path.read_text() == "x"


@pytest.mark.fault(WRITING)
def test_a_folder_is_there_when_all_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "out"

    def fail() -> None:
        with folder_written_whole(path) as temporary:
            (temporary / "a.txt").write_text("half")
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    assert list(tmp_path.iterdir()) == []
    path.mkdir()  # one that is there already may be filled, if it is empty
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "left by a killed process").touch()
    with folder_written_whole(path) as temporary:
        (temporary / "a.txt").write_text("whole")
    assert [one.name for one in tmp_path.rglob("*")] == ["out", "a.txt"]


@pytest.mark.fault(WRITING)
def test_two_processes_do_not_fill_one_folder(tmp_path: Path) -> None:
    with (
        folder_written_whole(tmp_path / "out") as temporary,
        pytest.raises(InputError, match=r"out.part: another process writes there; wait for it"),
        folder_written_whole(tmp_path / "out"),
    ):
        pass
    assert temporary.name == "out.part"


@pytest.mark.fault("disks that are full")
def test_a_full_disk_that_a_library_tells_of_in_its_own_error_is_named(tmp_path: Path) -> None:
    class RustError(Exception):
        pass

    def write(told: str) -> None:
        with written_whole(tmp_path / "a.parquet") as temporary:
            temporary.write_text("half")
            raise RustError(told)

    with pytest.raises(InputError) as caught:
        write("parquet: underlying IO error: No space left on device (os error 28)")
    assert str(caught.value) == f"{tmp_path / 'a.parquet'}: cannot be written (No space left on device)"
    with pytest.raises(RustError):
        write("columns differ")
    assert list(tmp_path.iterdir()) == []
