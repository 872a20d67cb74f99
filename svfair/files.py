"""Files that appear whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from svfair.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where the unfinished file of a process that was killed stays
    fcntl = None  # type: ignore[assignment]

_UNFINISHED = ".part"

#: Letters of a name that are kept in that of its unfinished file: file systems allow 255 bytes.
_KEPT_LETTERS = 50

#: What the shell or the system opened: it is written to where it stands.
_STREAM = re.compile(r"/dev/(?P<name>stdout|stderr)|(?:/dev|/proc/self)/fd/(?P<number>\d+)")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it when that went well.

    Every writer has a temporary file of its own, so that of two that write one output one wins and neither
    leaves half a file; what a writer that was killed left behind is written over by the next. A link stays a
    link: what it points to is replaced. A device or a pipe is written to when all is there, never replaced.

    Raises
    ------
    InputError
        When the folder is not there or cannot be written to, or the disk is full.
    """
    try:
        if _STREAM.fullmatch(str(path)) or (path.exists() and not path.is_file()):
            with _copied_into(path) as temporary:
                yield temporary
        else:
            with _renamed_to(path.resolve() if path.is_symlink() else path) as temporary:
                yield temporary
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    except Exception as error:
        # Polars and other libraries in Rust tell of a full disk in errors of their own.
        told = re.search(r"\(os error (\d+)\)", str(error))
        if told is None:
            raise
        raise InputError(f"{path}: cannot be written ({os.strerror(int(told[1]))})") from error


@contextmanager
def _renamed_to(path: Path) -> Iterator[Path]:
    temporary, held = _own_file(path)
    try:
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(held)


@contextmanager
def _copied_into(path: Path) -> Iterator[Path]:
    """Give a path to write to, and copy what was written into a device or a pipe."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / path.name
        yield temporary
        with temporary.open("rb") as source, _stream(path) as target:
            shutil.copyfileobj(source, target)


def _stream(path: Path) -> IO[bytes]:
    """Open a device, a pipe, or what is open already, such as `/dev/stdout`."""
    found = _STREAM.fullmatch(str(path))
    if found is None:
        return path.open("wb")
    # Opened by its name it would be written to from the start.
    return os.fdopen(os.dup({"stdout": 1, "stderr": 2}.get(found["name"]) or int(found["number"])), "wb")


def _own_file(path: Path) -> tuple[Path, int]:
    """Make an empty file that no other writer has, and hold its lock, which a killed process lets go of."""
    stem = path.name[:_KEPT_LETTERS]
    usual = path.with_name(stem + _UNFINISHED)
    while fcntl is not None:
        try:
            held = os.open(usual, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError:
            break
        try:
            if not stat.S_ISREG(os.fstat(held).st_mode):
                raise BlockingIOError
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody else writes it
            os.close(held)
            break
        if usual.exists() and os.path.samestat(os.fstat(held), usual.stat()):
            os.ftruncate(held, 0)
            return usual, held
        os.close(held)  # another writer was done with it in between
    own = path.with_name(f"{stem}.{secrets.token_hex(6)}{_UNFINISHED}")
    return own, os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, and rename it when that went well; `path` may be an empty one.

    Raises
    ------
    InputError
        When it cannot be made, or another process makes it.
    """
    temporary = path.with_name(path.name[:_KEPT_LETTERS] + _UNFINISHED)
    try:
        make_folder(temporary)
        with locked(temporary, f"{temporary}: another process writes there; wait for it"):
            for left in temporary.iterdir():
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            try:
                yield temporary
                temporary.rename(path)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock of a folder that is there, or of a file, which is made; a killed process lets go of it.

    Raises
    ------
    InputError
        With `busy` when another process holds it; or when it cannot be opened.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    try:
        held = os.open(path, flags, 0o666)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        try:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(busy) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(held)


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
