import unicodedata

import polars as pl
import pytest

from svfair.tables.unicode import composed, composed_table, differing_in_form

COMPOSED = "Jos\u00e9"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def test_text_is_composed_and_null_stays() -> None:
    written = pl.Series("name", [DECOMPOSED, COMPOSED, None, "plain"])
    assert composed(written).to_list() == [COMPOSED, COMPOSED, None, "plain"]
    assert composed(written).name == "name"
    assert composed(pl.Series([], dtype=pl.String)).to_list() == []


def test_ascii_is_returned_as_it_is() -> None:
    written = pl.Series(["a", None])
    assert composed(written) is written


def test_a_table_but_for_some_columns() -> None:
    table = pl.DataFrame({"path": [DECOMPOSED], "name": [DECOMPOSED], "number": [1]})
    assert composed_table(table, but=("path",)).row(0) == (DECOMPOSED, COMPOSED, 1)


@pytest.mark.fault("names composed and decomposed")
def test_names_that_differ_in_form_alone_are_told_apart_in_ascii() -> None:
    assert differing_in_form(pl.Series(["b", COMPOSED, DECOMPOSED, COMPOSED])) == (
        r"'Jos\xe9'",
        r"'Jose\u0301'",
    )
    assert differing_in_form(pl.Series([COMPOSED, COMPOSED, "b", None])) is None
    assert differing_in_form(pl.Series(["a", "b"])) is None
