"""The files that a corpus's tables name, found on the disk: by name, by another form of it, or by looking."""

import os
import stat
from collections import defaultdict
from pathlib import Path

import polars as pl

from svfair.corpora.preparation.rejections import KIND, REASON, Kind
from svfair.errors import InputError
from svfair.tables.unicode import composed, two_spellings

_FOUND = {
    "written": pl.String,
    "there": pl.String,
    "size": pl.Int64,
    "modified_ns": pl.Int64,
    KIND: pl.String,
    REASON: pl.String,
}

_TOLD = ("size", "modified_ns", KIND, REASON)


def compose_names(found: pl.DataFrame, where: Path) -> pl.DataFrame:
    """Return what a corpus found, or what is published of speakers, with names in one form of Unicode.

    Raises
    ------
    InputError
        When two names differ by that form alone; it names both.
    """
    for name in ("utterance_id", "speaker_id"):
        spellings = two_spellings(found[name]) if name in found.columns else None
        if spellings is not None:
            raise InputError(
                f"{where}: {name}: {spellings[0]} and {spellings[1]} are one name in two forms of Unicode; "
                "write it in one"
            )
    return found.with_columns(
        composed(column) for column in found if column.dtype == pl.String and column.name != "path"
    )


def locate(found: pl.DataFrame, files: pl.DataFrame, source: Path) -> pl.DataFrame:
    """Return what a corpus found with `path` as on the disk, `size`, `modified_ns`, and `KIND` and `REASON`.

    The last two are null where the file is there. A file whose ending is not one of audio's is not in the
    listing; a table may name it all the same, and then it is looked at.

    Raises
    ------
    InputError
        When a path is on the disk in two forms of Unicode, and in neither as it is written.
    """
    nothing = pl.lit(None, pl.String)
    rows = found.join(files, "path", "left", maintain_order="left").with_columns(
        nothing.alias(KIND), nothing.alias(REASON)
    )
    lost = rows.filter(pl.col("size").is_null())["path"].unique(maintain_order=True)
    if lost.is_empty():
        return rows
    names = defaultdict(list)
    letters = files.filter(pl.col("path").str.len_bytes() != pl.col("path").str.len_chars())
    for name, *known in (
        letters.with_columns(composed=composed(letters["path"]))
        .select("composed", "path", "size", "modified_ns")
        .iter_rows()
    ):
        names[name].append(known)
    looked_at = []
    for path, name in zip(lost, composed(lost), strict=True):
        known = names.get(name, [])
        if len(known) > 1:
            names_there = " and ".join(ascii(one[0]) for one in known[:2])
            raise InputError(f"{source}: {names_there} are one name in two forms of Unicode; rename one")
        looked_at.append((path, *known[0], None, None) if known else (path, path, *_look_for(source, path)))
    there = pl.DataFrame(looked_at, _FOUND, orient="row").rename({"written": "path"})
    rows = rows.join(there, "path", "left", maintain_order="left")
    both = [pl.coalesce(f"{name}_right", name).alias(name) for name in _TOLD]
    kept = [*found.columns, *_TOLD]
    return rows.with_columns(*both, path=pl.coalesce("there", "path")).select(kept)


def _look_for(source: Path, path: str) -> tuple[int | None, int | None, Kind | None, str | None]:
    try:
        status = os.stat(source / path)  # noqa: PTH116  # the like of what the listing keeps
    except (FileNotFoundError, NotADirectoryError):
        return None, None, "missing", "no such file"
    except OSError as error:
        return None, None, "unreadable", f"cannot be looked at ({error.strerror})"
    except ValueError:
        return None, None, "unusable name", "its name holds a character that no name can"
    if not stat.S_ISREG(status.st_mode):
        return None, None, "unreadable", "is a folder, a pipe or a device, and no file"
    return status.st_size, status.st_mtime_ns, None, None
