"""Text in one form of Unicode: a name that is composed here and decomposed there is one name."""

import polars as pl


def composed(series: pl.Series) -> pl.Series:
    """Return text in Unicode's composed form (NFC)."""
    # ASCII, the usual case, is composed already: telling so takes a fraction of the time.
    if series.len() == 0 or (series.str.len_bytes() == series.str.len_chars()).all():
        return series
    return series.str.normalize("NFC")


def two_spellings(*columns: pl.Series) -> tuple[str, str] | None:
    """Return the first two texts that differ in Unicode's form alone, written in ASCII, or None."""
    texts = pl.concat([column.rename("text") for column in columns]).drop_nulls()
    texts = texts.filter(texts.str.len_bytes() != texts.str.len_chars()).unique(maintain_order=True)
    names = composed(texts)
    if names.n_unique() == texts.len():
        return None
    first = names.filter(names.is_duplicated())[0]
    one, other, *_ = texts.filter(names == first).to_list()
    return ascii(one), ascii(other)
