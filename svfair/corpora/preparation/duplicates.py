"""Utterances and recordings that are there twice: by id, by place, or byte for byte."""

from pathlib import Path

import polars as pl
from rich.console import Console

from svfair.corpora.preparation.headers import hash_file
from svfair.corpora.preparation.parallel import run_jobs
from svfair.corpora.preparation.rejections import Rejections
from svfair.corpora.preparation.segment_columns import SEGMENT_COLUMNS
from svfair.manifests.rows import CONTROL


def with_one_row_each(rows: pl.DataFrame, rejections: Rejections) -> pl.DataFrame:
    """Return the first row of each utterance id, and of each place in a file; reject the others.

    Names of utterances, speakers and sessions that no list could hold are rejected too.

    Parameters
    ----------
    rows
        `path, utterance_id, speaker_id, session_id` and any of `SEGMENT_COLUMNS`.
    rejections
        Take the others, with what they repeat.
    """
    for name in ("utterance_id", "speaker_id", "session_id"):
        reason = f"its {name} holds a line end or another control character"
        rows = rejections.take(rows, pl.col(name).str.contains(CONTROL), "unusable name", reason)
    first = pl.col("path").first().over("utterance_id")
    again = pl.format("another file has the same utterance id, '{}': {}", "utterance_id", first)
    rows = rejections.take(rows, ~pl.col("utterance_id").is_first_distinct(), "duplicate", again)
    place = pl.struct("path", *(name for name in SEGMENT_COLUMNS if name in rows.columns))
    first = pl.col("utterance_id").first().over(place)
    twice = pl.format("another utterance has this file, '{}'; '{}' is left out", first, "utterance_id")
    return rejections.take(rows, ~place.is_first_distinct(), "duplicate", twice)


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
