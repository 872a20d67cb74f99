"""Names in one form of Unicode: `é` is one letter, or `e` and an accent, by the system that wrote it."""

import polars as pl


def composed(series: pl.Series) -> pl.Series:
    """Return text in Unicode's composed form (NFC), in which names are compared; null stays null."""
    if (series.str.len_bytes() == series.str.len_chars()).all():  # ASCII, as ids mostly are
        return series
    return series.str.normalize("NFC")


def composed_table(table: pl.DataFrame, *, but: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return a table with the text of every column composed, `but` some."""
    return table.with_columns(
        composed(column) for column in table if column.dtype == pl.String and column.name not in but
    )


def differing_in_form(written: pl.Series) -> tuple[str, str] | None:
    """Return the first two texts that are different as written and the same composed, spelled in ASCII."""
    if (written.str.len_bytes() == written.str.len_chars()).all():
        return None
    pairs = pl.DataFrame({"written": written.drop_nulls().unique(maintain_order=True)})
    pairs = pairs.with_columns(composed=composed(pairs["written"]))
    twice = pairs.filter(pl.col("composed").is_duplicated()).sort("composed", maintain_order=True)
    return (ascii(twice[0, "written"]), ascii(twice[1, "written"])) if twice.height else None
