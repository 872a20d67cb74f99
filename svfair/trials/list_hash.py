"""One hash for one trial list, however it is stored."""

import hashlib

import polars as pl

from svfair.tables.unicode import composed


def hash_of_list(trials: pl.DataFrame) -> str:
    """Return the SHA-256 of sorted trials and labels: one list has one hash, however it is stored."""
    lines = trials.select(
        line=pl.concat_str(
            composed(trials["enrol"]),
            composed(trials["test"]),
            pl.col("is_target").cast(pl.Int8),
            separator=" ",
        )
    )["line"]
    return hashlib.sha256("\n".join(lines.sort().to_list()).encode()).hexdigest()
