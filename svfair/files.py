"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from svfair.errors import InputError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it when that went well.

    Raises
    ------
    InputError
        When the folder is not there or cannot be written to.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if temporary.is_file():
            temporary.unlink()


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Raises
    ------
    InputError
        When it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be made ({error.strerror or error})") from error


def write_text_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; raises as `written_whole` does."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
