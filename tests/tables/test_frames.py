from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables.frames import with_texts

NAMES = ["utterance_id", "speaker_id"]


def test_whole_numbers_and_categories_become_text() -> None:
    table = pl.DataFrame(
        {"utterance_id": [1, 2], "speaker_id": pl.Series(["a", "b"], dtype=pl.Categorical), "score": [0.5, 1]}
    )
    assert with_texts(table, NAMES, "x").rows() == [("1", "a", 0.5), ("2", "b", 1.0)]


def test_texts_stay_as_they_are() -> None:
    table = pl.DataFrame({"utterance_id": ["a", ""], "speaker_id": ["b", " c "]})
    assert with_texts(table, NAMES, "x").equals(table)
    assert with_texts(pl.DataFrame({"utterance_id": [], "speaker_id": []}), NAMES, "x").height == 0


@pytest.mark.fault("a data frame of another shape")
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"utterance_id": ["a"]}, "x: must be a polars data frame, not dict"),
        (None, "x: must be a polars data frame, not NoneType"),
        (pl.DataFrame(), "x: no column 'utterance_id'; it has none"),
        (pl.DataFrame({"utterance_id": ["a"]}), "x: no column 'speaker_id'; it has utterance_id"),
        (
            pl.DataFrame({"utterance_id": ["a", "b"], "speaker_id": [1.0, 2.0]}),
            "x: column 'speaker_id' holds Float64; it must be text",
        ),
        (
            pl.DataFrame({"utterance_id": ["a", None, None], "speaker_id": ["a", "b", "c"]}),
            "x: column 'utterance_id' lacks a value in row 2 (1 more rows like it)",
        ),
    ],
)
def test_says_what_is_wrong_with_a_data_frame(table: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        with_texts(table, NAMES, "x")
    assert str(error.value) == message
