import numpy as np
import polars as pl

from svfair.errors import InputError, shown
from svfair.scoring.checks import check_embeddings, unit_vectors
from svfair.tables.frames import with_texts

SIDES = ("enrol", "test")

#: Trials scored at a time: bounds the memory of gathered embeddings.
CHUNK = 100_000


def cosine_scores(embeddings: pl.DataFrame, trials: pl.DataFrame) -> pl.DataFrame:
    """Score trials by the cosine of the two embeddings.

    Parameters
    ----------
    embeddings
        Columns `utterance_id` and `embedding`; one row an utterance.
    trials
        Columns `enrol`, `test`, `is_target`, in utterance ids.

    Returns
    -------
    polars.DataFrame
        The trials with a column `score` in [-1, 1].

    Raises
    ------
    InputError
        When a column is missing or of another kind, an utterance has two embeddings or one that no cosine
        can be made of (see `check_embeddings`), or utterances of trials have no embedding; it names the
        first.
    """
    embeddings = check_embeddings(embeddings)
    utterances = with_texts(trials, SIDES, "trials").select(SIDES)
    row_of = embeddings.select("utterance_id").with_row_index("row")
    rows = {
        side: utterances.select(utterance_id=side).join(
            row_of, "utterance_id", "left", maintain_order="left"
        )["row"]
        for side in SIDES
    }
    _refuse_without_embedding(utterances, rows)
    enrol, test = (rows[side].to_numpy() for side in SIDES)
    vectors = unit_vectors(embeddings)
    scores = np.empty(trials.height, dtype=np.float64)
    for start in range(0, trials.height, CHUNK):
        chunk = slice(start, start + CHUNK)
        scores[chunk] = np.einsum("ij,ij->i", vectors[enrol[chunk]], vectors[test[chunk]])
    return trials.with_columns(score=pl.Series(scores))


def _refuse_without_embedding(utterances: pl.DataFrame, rows: dict[str, pl.Series]) -> None:
    without = pl.concat([utterances[side].filter(rows[side].is_null()) for side in SIDES])
    if len(without):
        trials = int((rows["enrol"].is_null() | rows["test"].is_null()).sum())
        raise InputError(
            f"trials: {trials:,} of {utterances.height:,} name {without.n_unique():,} utterances that have "
            f"no embedding, the first is '{shown(without[0])}'; embed them, or take their trials out"
        )
