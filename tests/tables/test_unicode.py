import unicodedata

import polars as pl
import pytest

from svfair.tables.unicode import composed, two_spellings

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


@pytest.mark.fault("names composed here and decomposed there")
def test_names_that_differ_in_form_alone_are_told_apart_in_ascii() -> None:
    both = (r"'Jos\xe9'", r"'Jose\u0301'")
    assert two_spellings(pl.Series(["b", COMPOSED, DECOMPOSED, COMPOSED])) == both
    assert two_spellings(pl.Series([COMPOSED]), pl.Series([DECOMPOSED, "b"])) == both
    assert two_spellings(pl.Series([COMPOSED, COMPOSED, "b", None])) is None
    assert two_spellings(pl.Series(["a", "b"])) is None
