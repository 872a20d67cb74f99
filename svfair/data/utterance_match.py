"""Utterances of a published list, found in a manifest whose files may have another format."""

import polars as pl

#: A file suffix starts with a letter: the end of `talk.2019` is none.
_SUFFIX = r"\.[A-Za-z][A-Za-z0-9]{0,4}$"


def match_utterances(listed: pl.Series, known: pl.Series) -> pl.DataFrame:
    """Find the utterances of a list in a manifest, by id or, where that fails, by id without file suffix.

    Parameters
    ----------
    listed
        Ids as a list writes them.
    known
        Ids of the manifest.

    Returns
    -------
    polars.DataFrame
        One row a listed id, sorted: `listed`, `utterance_id` (null when it is not in the manifest) and
        `by_suffix`, whether the two differ by their suffix.
    """
    unique = pl.DataFrame({"listed": listed.unique().sort()}, schema={"listed": pl.String})
    exact = pl.DataFrame({"listed": known}, schema={"listed": pl.String}).with_columns(exact="listed")
    found = unique.join(exact, on="listed", how="left", maintain_order="left")
    by_stem = (
        pl.DataFrame({"other": known}, schema={"other": pl.String})
        .with_columns(stem=pl.col("other").str.replace(_SUFFIX, ""))
        # Of two utterances that differ by their suffix alone, none can be told to be the one meant.
        .filter(~pl.col("stem").is_duplicated())
    )
    stem = pl.when(pl.col("exact").is_null()).then(pl.col("listed").str.replace(_SUFFIX, ""))
    found = found.with_columns(stem=stem).join(by_stem, on="stem", how="left", maintain_order="left")
    return found.select(
        "listed",
        utterance_id=pl.coalesce("exact", "other"),
        by_suffix=pl.col("exact").is_null() & pl.col("other").is_not_null(),
    )
