"""Recordings that are there twice, byte for byte."""

from pathlib import Path

import polars as pl
from rich.console import Console

from svfair.corpora.preparation.headers import hash_file
from svfair.corpora.preparation.parallel import run_jobs


def find_duplicates(
    files: pl.DataFrame, source: Path, *, workers: int, console: Console | None = None
) -> pl.DataFrame:
    """Return the files whose content an earlier file has.

    Only files of one size whose starts and middles agree are read whole, so that a corpus without
    duplicates costs nothing.

    Parameters
    ----------
    files
        `path`, `size` and `probe`; the order says which file counts as the first.
    source
        What the paths are relative to.
    workers, console
        See `run_jobs`.

    Returns
    -------
    polars.DataFrame
        `path`, and `original`: the first file with the same content.
    """
    alike = files.filter(pl.struct("size", "probe").is_duplicated())
    if alike.is_empty():
        return pl.DataFrame(schema={"path": pl.String, "original": pl.String})
    hashes = run_jobs(
        hash_file,
        [str(source / path) for path in alike["path"]],
        title="Comparing files that look alike",
        workers=workers,
        console=console,
    )
    hash_of = dict(hashes)
    hashed = alike.select(
        "path", hash=pl.Series([hash_of[str(source / path)] for path in alike["path"]], dtype=pl.String)
    )
    first = hashed.group_by("hash", maintain_order=True).agg(original=pl.col("path").first())
    return hashed.join(first, on="hash").filter(pl.col("path") != pl.col("original")).drop("hash")
