from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.files import make_folder, write_text_whole, written_whole


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


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.txt: cannot be written \(No such file or directory\)"):
        write_text_whole(tmp_path / "gone" / "a.txt", "x")


def test_a_folder_is_made_with_those_above_it_or_named(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below: cannot be made \(Not a directory\)"):
        make_folder(tmp_path / "file" / "below")
