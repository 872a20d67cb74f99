from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.manifests import TrainedSpeakers
from svfair.scoring.cosine import SIDES
from svfair.tables.bad_lines import others_like_it
from svfair.tables.frames import check_columns
from svfair.trials import hash_of_list, write_trials


def write_scores(scores: pl.DataFrame, path: Path, *, trained_speakers: TrainedSpeakers | None = None) -> str:
    """Write scored trials as `write_trials` does, and return the hash of their list.

    Parameters
    ----------
    scores
        From `cosine_scores`; with the speakers of both sides, which `.txt` has no place for, from
        `with_speakers`.
    path
        The file. Parquet has the hash in its metadata, as `svfair.list_sha256`; other formats have no place
        for it.
    trained_speakers
        The extractor's, likewise as `svfair.trained_speakers`.

    Raises
    ------
    InputError
        When a column is missing, or a score is missing or not finite; then nothing is written.
    """
    given = check_columns(scores, (*SIDES, "is_target", "score"), "scores")["score"]
    bad = ~given.cast(pl.Float64, strict=False).is_finite().fill_null(False)
    if bad.any():
        enrol, test = scores.filter(bad).select(SIDES).row(0)
        raise InputError(
            f"scores: the score of '{shown(enrol)}' against '{shown(test)}' is not a finite number"
            f"{others_like_it(int(bad.sum()))}; nothing was written to {path}"
        )
    list_hash = hash_of_list(scores)
    facts = {"svfair.list_sha256": list_hash} | (trained_speakers.facts() if trained_speakers else {})
    if path.suffix == ".txt":
        scores = scores.drop("enrol_speaker", "test_speaker", strict=False)
    write_trials(scores, path, facts)
    return list_hash
