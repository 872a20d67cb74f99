from pathlib import Path

import polars as pl

from svfair.trials import hash_of_list, write_trials


def write_scores(scores: pl.DataFrame, path: Path) -> str:
    """Write scored trials as `write_trials` does, and tell which list they are of.

    Parameters
    ----------
    scores
        From `cosine_scores`.
    path
        `.parquet` has the hash in its metadata, as `svfair.list_sha256`; other formats have no place for it.

    Returns
    -------
    str
        SHA-256 of the sorted trials and labels.
    """
    list_hash = hash_of_list(scores)
    write_trials(scores, path, {"svfair.list_sha256": list_hash})
    return list_hash
