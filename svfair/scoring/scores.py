from pathlib import Path

import polars as pl

from svfair.trials import hash_of_list, write_trials


def write_scores(scores: pl.DataFrame, path: Path) -> str:
    """Write scored trials as `write_trials` does, and return the hash of their list.

    Parquet has the hash in its metadata, as `svfair.list_sha256`; other formats have no place for it.
    """
    list_hash = hash_of_list(scores)
    write_trials(scores, path, {"svfair.list_sha256": list_hash})
    return list_hash
