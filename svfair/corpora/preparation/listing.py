"""Every audio file below a folder, with what tells whether it changed."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from svfair.corpora.preparation.rejections import REJECTED, Kind
from svfair.errors import InputError, shown

#: Endings of audio that cannot be read: left out, but not without a word.
_FOREIGN = (b".webm", b".aac", b".wma", b".amr", b".mka", b".3gp", b".ra", b".ape", b".wv")

# Rows that are turned into columns at a time: Python's own objects for a million files would take a gigabyte.
_BLOCK = 50_000


@dataclass(frozen=True)
class Listing:
    """What lies below a folder.

    Parameters
    ----------
    files
        `path` (relative, with `/`), `size` in bytes and `modified_ns`, sorted by path.
    unusable
        `path` as it can be shown, `kind` and `reason`: names that no table can hold, links that lead nowhere.
    foreign
        Paths of files whose names are those of audio that cannot be read, such as WebM.
    """

    files: pl.DataFrame
    unusable: pl.DataFrame
    foreign: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 of all paths, sizes and times."""
        hashed = hashlib.sha256()
        for part in self.files.iter_slices(_BLOCK):
            lines = part.write_csv(include_header=False, separator="\t", quote_style="never")
            hashed.update(lines.encode())
        for row in self.unusable.iter_rows():
            hashed.update(repr(row).encode())
        return hashed.hexdigest()


def list_files(source: Path, suffixes: tuple[str, ...]) -> Listing:
    """List the files below a folder whose names end in one of `suffixes`, following symbolic links.

    Raises
    ------
    InputError
        When the folder, or one below it, cannot be read: what it holds would be missed.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder")
    unusable: list[tuple[str, Kind, str]] = []
    blocks: list[pl.DataFrame] = []
    rows: list[tuple[str, int, int]] = []
    foreign: list[str] = []
    endings = tuple(suffix.encode() for suffix in suffixes)
    for path, size, modified in _walk(source, endings, unusable, foreign):
        rows.append((path, size, modified))
        if len(rows) == _BLOCK:
            blocks.append(_columns(rows))
            rows = []
    blocks.append(_columns(rows))
    rejected = pl.DataFrame(unusable, REJECTED, orient="row").sort("path")
    return Listing(pl.concat(blocks).sort("path"), rejected, tuple(sorted(foreign)))


def _columns(rows: list[tuple[str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, {"path": pl.String, "size": pl.Int64, "modified_ns": pl.Int64}, orient="row")


def _walk(
    source: Path,
    suffixes: tuple[bytes, ...],
    unusable: list[tuple[str, Kind, str]],
    foreign: list[str],
) -> Iterator[tuple[str, int, int]]:
    """Give path, size and time of each file; paths are bytes until it is known that they are text."""
    folders: list[tuple[bytes, frozenset[tuple[int, int]]]] = [(b"", frozenset())]
    root = os.fsencode(source)
    while folders:
        folder, above = folders.pop()
        # pathlib knows no paths of bytes, and takes three times as long.
        place = os.path.join(root, folder)  # noqa: PTH118
        try:
            status = os.stat(place)  # noqa: PTH116
            entries = os.scandir(place)
        except OSError as error:
            raise InputError(
                f"{_text(place)}: cannot be read ({error.strerror}); make it readable, "
                "or its recordings would be missed"
            ) from error
        this = (status.st_dev, status.st_ino)
        with entries:
            if this in above:
                unusable.append((_text(folder), "bad link", "symbolic link to a folder above it"))
                continue
            for entry in entries:
                relative = folder + b"/" + entry.name if folder else entry.name
                try:
                    if entry.is_dir():
                        folders.append((relative, above | {this}))
                        continue
                    if not entry.name.lower().endswith(suffixes):
                        if entry.name.lower().endswith(_FOREIGN):
                            foreign.append(_text(relative))
                        continue
                    file = entry.stat()
                except OSError as error:
                    if entry.name.lower().endswith(suffixes) or entry.is_symlink():
                        reason = f"cannot be looked at ({error.strerror})"
                        unusable.append((_text(relative), "bad link", reason))
                    continue
                problem = _problem_of_name(relative)
                if problem:
                    unusable.append((_text(relative), "unusable name", problem))
                else:
                    yield relative.decode(), file.st_size, file.st_mtime_ns


def _problem_of_name(path: bytes) -> str | None:
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return "its name is not UTF-8 text"
    if not text.isprintable():
        return "its name holds a line end or another control character"
    return None


def _text(path: bytes) -> str:
    return shown(path.decode(errors="replace"), 300)
