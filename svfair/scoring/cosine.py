import numpy as np
import polars as pl

from svfair.errors import InputError

#: Trials scored at a time: bounds the memory of gathered embeddings.
CHUNK = 100_000


def cosine_scores(embeddings: pl.DataFrame, trials: pl.DataFrame) -> pl.DataFrame:
    """Score trials by the cosine of the two embeddings.

    Parameters
    ----------
    embeddings
        Columns `utterance_id` and `embedding`.
    trials
        Columns `enrol`, `test`, `is_target`, in utterance ids.

    Returns
    -------
    polars.DataFrame
        The trials with a column `score` in [-1, 1].

    Raises
    ------
    InputError
        When an utterance of a trial has no embedding; the first is named.
    """
    row_of = embeddings.select("utterance_id").with_row_index("row")
    sides = {}
    for side in ("enrol", "test"):
        known = trials.select(utterance_id=side).join(row_of, "utterance_id", "left", maintain_order="left")
        rows = known["row"]
        if rows.null_count():
            first = trials.filter(rows.is_null())[side][0]
            raise InputError(
                f"trials: {rows.null_count()} {side} utterances have no embedding, the first is '{first}'"
            )
        sides[side] = rows.to_numpy()
    vectors = embeddings["embedding"].to_numpy().astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = np.empty(trials.height, dtype=np.float64)
    for start in range(0, trials.height, CHUNK):
        chunk = slice(start, start + CHUNK)
        scores[chunk] = np.einsum("ij,ij->i", vectors[sides["enrol"][chunk]], vectors[sides["test"][chunk]])
    return trials.with_columns(score=pl.Series(scores))
