"""Data frames that a caller made himself: every function of manifests tells what its table lacks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from data_frames import Door, refused

from svfair.errors import InputError
from svfair.manifests import (
    Manifest,
    apportion,
    divide_speakers,
    fold_speakers,
    hold_out_speakers,
    limit_utterances,
    rows_where,
    select_listed,
    speakers_in_ratio,
    write_subset,
)

FRAME = "a data frame of another shape"
NUMBERS = "a number out of range"

TABLE = pl.DataFrame(
    {
        "utterance_id": ["a/1", "a/2", "b/1", "b/2"],
        "path": ["a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav"],
        "speaker_id": ["a", "a", "b", "b"],
        "session_id": ["a", "a2", "b", "b2"],
        "duration_s": [1.0, 2.0, 3.0, 4.0],
        "gender": ["f", "f", "m", "m"],
    }
)
SPEAKERS = TABLE.select("speaker_id", "gender").unique(maintain_order=True)
GROUPS = SPEAKERS.rename({"gender": "group"})

#: Functions that take a table, and what they call it; whole tables for them to start from.
DOORS: dict[str, Door] = {
    "Manifest": (
        lambda table: Manifest(table, Path(), Path("m.csv")),
        TABLE,
        "m.csv",
        ("utterance_id", "path", "speaker_id", "session_id"),
    ),
    "limit_utterances": (
        lambda table: limit_utterances(table, 1),
        TABLE,
        "table",
        ("utterance_id", "speaker_id"),
    ),
    "select_listed": (
        lambda table: select_listed(table, TABLE.select("utterance_id", "speaker_id"), Path("l.txt")),
        TABLE,
        "table",
        ("utterance_id", "speaker_id"),
    ),
    "select_listed of a list": (
        lambda table: select_listed(TABLE, table, Path("l.txt")),
        TABLE.select("utterance_id", "speaker_id"),
        "listed",
        ("utterance_id",),
    ),
    "divide_speakers": (
        lambda table: divide_speakers(table, [0.5, 0.5]),
        SPEAKERS,
        "speakers",
        ("speaker_id",),
    ),
    "fold_speakers": (lambda table: fold_speakers(table, 2), SPEAKERS, "speakers", ("speaker_id",)),
    "hold_out_speakers": (
        lambda table: hold_out_speakers(table, share=0.5),
        SPEAKERS,
        "speakers",
        ("speaker_id",),
    ),
    "speakers_in_ratio": (
        lambda table: speakers_in_ratio(table, {"f": 1, "m": 1}),
        GROUPS,
        "groups",
        ("speaker_id",),
    ),
}
EVERY = [(door, name) for door, (*_, names) in DOORS.items() for name in names]
every = pytest.mark.parametrize(("door", "name"), EVERY)


@pytest.mark.fault(FRAME)
@every
def test_a_column_that_is_not_there(door: str, name: str) -> None:
    assert refused(DOORS[door], lambda table: table.drop(name)).startswith(f"no column '{name}'; it has ")


@pytest.mark.fault(FRAME)
@every
def test_a_value_that_is_missing(door: str, name: str) -> None:
    found = refused(
        DOORS[door], lambda table: table.with_columns(pl.col(name).replace({table[name][-1]: None}))
    )
    assert found.startswith(f"column '{name}' lacks a value in row ")


@pytest.mark.fault(FRAME)
@every
@pytest.mark.parametrize("kind", [pl.Float64, pl.Boolean, pl.Date])
def test_a_column_of_another_type(door: str, name: str, kind: Any) -> None:
    found = refused(DOORS[door], lambda table: table.with_columns(pl.lit(1).cast(kind).alias(name)))
    assert found == f"column '{name}' holds {kind()}; it must be text"


@pytest.mark.fault(FRAME)
@pytest.mark.parametrize("door", sorted(DOORS))
def test_what_is_no_data_frame(door: str) -> None:
    assert refused(DOORS[door], lambda table: table.to_dict()) == "must be a polars data frame, not dict"


@pytest.mark.fault(FRAME)
@pytest.mark.parametrize(
    "door", ["divide_speakers", "fold_speakers", "hold_out_speakers", "speakers_in_ratio"]
)
def test_a_speaker_with_two_rows(door: str) -> None:
    found = refused(DOORS[door], lambda table: pl.concat([table, table]))
    assert found == "speaker_id 'a' stands in row 1 and in row 3 (1 more like it); give one row a speaker"


@pytest.mark.fault(FRAME)
def test_an_utterance_with_two_rows() -> None:
    found = refused(DOORS["Manifest"], lambda table: pl.concat([table, table[1:2]]))
    assert found == "utterance_id 'a/2' stands in row 2 and in row 5; keep one row of each"


@pytest.mark.fault(FRAME)
def test_durations_that_are_text() -> None:
    found = refused(DOORS["Manifest"], lambda table: table.with_columns(duration_s=pl.lit("1.0")))
    assert found == "column 'duration_s' holds String; it must be a number of seconds"
    assert refused(DOORS["Manifest"], lambda table: table.drop("duration_s")).startswith(
        "no column 'duration_s'; "
    )


@pytest.mark.fault(FRAME)
def test_rows_that_are_none_of_the_manifest_are_not_written(tmp_path: Path) -> None:
    whole = Manifest(TABLE, tmp_path, Path("m.csv"))
    strange = TABLE.with_columns(utterance_id=pl.col("utterance_id").replace({"b/2": "c/1"}))
    with pytest.raises(InputError, match=r"^part: utterance 'c/1' is not in m\.csv$"):
        write_subset(strange, whole, tmp_path / "part")
    with pytest.raises(InputError, match=r"^part: no column 'utterance_id'; it has path"):
        write_subset(TABLE.drop("utterance_id"), whole, tmp_path / "part")
    assert not (tmp_path / "part").exists()


@pytest.mark.fault(FRAME)
def test_groups_need_their_column() -> None:
    with pytest.raises(InputError, match=r"^groups: no column 'group'; it has speaker_id, gender$"):
        speakers_in_ratio(SPEAKERS, {"f": 1, "m": 1})
    with pytest.raises(InputError, match=r"^table: must be a polars data frame, not dict$"):
        rows_where(TABLE.to_dict(), {"gender": ["f"]})  # type: ignore[arg-type]


def test_one_value_may_be_wanted_by_itself() -> None:
    assert rows_where(TABLE, {"gender": "female"}).equals(rows_where(TABLE, {"gender": ["female"]}))


@pytest.mark.fault(NUMBERS)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: divide_speakers(SPEAKERS, [0.5, 0.6]),
            "shares: are above 0 and add up to 1, not [0.5, 0.6]",
        ),
        (lambda: divide_speakers(SPEAKERS, []), "shares: are above 0 and add up to 1, not []"),
        (
            lambda: divide_speakers(SPEAKERS, [float("nan"), 1]),
            "shares: are above 0 and add up to 1, not [nan, 1]",
        ),
        (lambda: fold_speakers(SPEAKERS, 0), "folds: must be at least 2, not 0"),
        (lambda: fold_speakers(SPEAKERS, 1), "folds: must be at least 2, not 1"),
        (
            lambda: hold_out_speakers(SPEAKERS, share=1.5),
            "held_out_share: 1.5 of 2 speakers leaves a side empty",
        ),
        (lambda: limit_utterances(TABLE, {"a": 1}), "most: tells nothing of speaker 'b'"),
        (lambda: speakers_in_ratio(GROUPS, {}), "ratio: has a positive number for each group, not {}"),
        (
            lambda: speakers_in_ratio(GROUPS, {"f": 0}),
            "ratio: has a positive number for each group, not {'f': 0}",
        ),
        (lambda: apportion(5, [0.0, 0.0]), "weights: are at least 0 and not all 0, not [0.0, 0.0]"),
        (lambda: apportion(5, [1, float("nan")]), "weights: are at least 0 and not all 0, not [1, nan]"),
        (lambda: apportion(2.5, [1, 1]), "total: must be a whole number of at least 0, not 2.5"),  # type: ignore[arg-type]
    ],
)
def test_says_what_is_wrong_with_a_number(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        make()
    assert str(error.value) == message
