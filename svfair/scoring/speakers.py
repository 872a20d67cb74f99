import polars as pl


def with_speakers(scores: pl.DataFrame, embeddings: pl.DataFrame) -> pl.DataFrame:
    """Add the speakers of both sides, `enrol_speaker` and `test_speaker`, to scored trials.

    Parameters
    ----------
    scores
        `enrol`, `test` and more, from `cosine_scores`.
    embeddings
        `utterance_id` and, as `embed` writes it, `speaker_id`.

    Returns
    -------
    polars.DataFrame
        The scores as they are where the embeddings do not tell the speaker of every utterance.
    """
    if "speaker_id" not in embeddings.columns:
        return scores
    known = embeddings.select("utterance_id", pl.col("speaker_id").cast(pl.String))
    known = known.unique("utterance_id", keep="first")
    told = scores
    for side in ("enrol", "test"):
        of_side = known.rename({"utterance_id": side, "speaker_id": f"{side}_speaker"})
        told = told.join(of_side, on=side, how="left", maintain_order="left")
    return told if told.select("enrol_speaker", "test_speaker").drop_nulls().height == told.height else scores
