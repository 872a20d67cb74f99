"""Data frames that a caller made himself: every function of trials tells what its table lacks."""

from typing import Any

import polars as pl
import pytest
from data_frames import Door, refused

from svfair.errors import InputError
from svfair.trials import balance_trials, check_trials, count_by_group, design_trials, speakers_without_trials

FRAME = "a data frame of another shape"

TABLE = pl.DataFrame(
    {
        "utterance_id": [f"{speaker}/{number}" for speaker in "abcd" for number in range(3)],
        "speaker_id": [speaker for speaker in "abcd" for _ in range(3)],
        "session_id": [f"{speaker}{number}" for speaker in "abcd" for number in range(3)],
        "gender": ["ffmm"["abcd".index(speaker)] for speaker in "abcd" for _ in range(3)],
    }
)
NUMBERS = {"targets_per_speaker": 2, "non_targets_per_speaker": 2}
TRIALS = design_trials(TABLE, **NUMBERS)
WITHOUT = (~TRIALS["is_target"]).sum()
GROUPS = TABLE.select("utterance_id", group="gender")

#: Functions that take a table, what they start from, what it is called, and the columns that name things.
DOORS: dict[str, Door] = {
    "design_trials": (
        lambda table: design_trials(table, **NUMBERS),
        TABLE,
        "table",
        tuple(TABLE.columns[:3]),
    ),
    "balance_trials": (
        lambda table: balance_trials(table, **NUMBERS),
        TABLE,
        "table",
        tuple(TABLE.columns[:3]),
    ),
    "check_trials": (lambda table: check_trials(TRIALS, table), TABLE, "table", tuple(TABLE.columns[:3])),
    "check_trials of a list": (
        lambda trials: check_trials(trials, TABLE),
        TRIALS,
        "trials",
        ("enrol", "test"),
    ),
    "count_by_group": (lambda trials: count_by_group(trials, GROUPS), TRIALS, "trials", ("enrol", "test")),
    "count_by_group of groups": (
        lambda groups: count_by_group(TRIALS, groups),
        GROUPS,
        "group_of",
        ("utterance_id",),
    ),
    "speakers_without_trials": (
        lambda table: speakers_without_trials(table, TRIALS),
        TABLE,
        "table",
        ("utterance_id", "speaker_id"),
    ),
}
every = pytest.mark.parametrize(
    ("door", "name"), [(door, name) for door, (*_, names) in DOORS.items() for name in names]
)


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
@pytest.mark.parametrize("kind", [pl.Float64, pl.Boolean])
def test_a_column_of_another_type(door: str, name: str, kind: Any) -> None:
    found = refused(DOORS[door], lambda table: table.with_columns(pl.lit(1).cast(kind).alias(name)))
    assert found == f"column '{name}' holds {kind()}; it must be text"


@pytest.mark.fault(FRAME)
@pytest.mark.parametrize("door", sorted(DOORS))
def test_what_is_no_data_frame(door: str) -> None:
    assert refused(DOORS[door], lambda table: table.rows()) == "must be a polars data frame, not list"


@pytest.mark.fault(FRAME)
@pytest.mark.parametrize("door", ["design_trials", "balance_trials", "count_by_group of groups"])
def test_an_utterance_with_two_rows(door: str) -> None:
    found = refused(DOORS[door], lambda table: pl.concat([table, table[4:5]]))
    assert found == "utterance_id 'b/1' stands in row 5 and in row 13; keep one row of each"


@pytest.mark.fault(FRAME)
@pytest.mark.parametrize("door", ["check_trials of a list", "count_by_group"])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (pl.lit(1), "column 'is_target' holds Int32; it must be true or false"),
        (pl.lit("1"), "column 'is_target' holds String; it must be true or false"),
        (
            pl.when(pl.col("is_target")).then(pl.lit(True)),
            f"column 'is_target' holds {WITHOUT} missing values; it must be true or false",
        ),
    ],
)
def test_labels_of_another_type(door: str, labels: pl.Expr, message: str) -> None:
    assert refused(DOORS[door], lambda trials: trials.with_columns(is_target=labels)) == message
    assert refused(DOORS[door], lambda trials: trials.drop("is_target")).startswith(
        "no column 'is_target'; it has "
    )


@pytest.mark.fault(FRAME)
def test_groups_need_their_column() -> None:
    with pytest.raises(InputError, match=r"^group_of: no column 'group'; it has utterance_id$"):
        count_by_group(TRIALS, GROUPS.drop("group"))
