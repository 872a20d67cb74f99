"""Data frames that a caller made himself: the columns that a function needs, checked and named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from svfair.errors import InputError, shown, shown_list
from svfair.tables.bad_lines import others_like_it


def check_columns(table: Any, names: Sequence[str], where: Path | str) -> pl.DataFrame:
    """Return the data frame, which has these columns.

    Parameters
    ----------
    table
        What the caller gave.
    names
        Columns that it needs.
    where
        The file that it was read from, or the parameter that it is, for messages.

    Raises
    ------
    InputError
        When it is no data frame of polars, or naming the first column that it lacks.
    """
    if not isinstance(table, pl.DataFrame):
        raise InputError(f"{where}: must be a polars data frame, not {type(table).__name__}")
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputError(f"{where}: no column '{missing[0]}'; it has {shown_list(table.columns) or 'none'}")
    return table


def check_texts(table: Any, names: Sequence[str], where: Path | str) -> pl.DataFrame:
    """Return the data frame, whose columns of these names name things: text, categories or whole numbers.

    Parameters
    ----------
    table, names, where
        See `check_columns`.

    Raises
    ------
    InputError
        When a column is not there, holds something else, or lacks a value; it names the column and the row.
    """
    frame = check_columns(table, names, where)
    for name in names:
        kind = frame.schema[name]
        is_text = kind.is_integer() or isinstance(kind, pl.String | pl.Categorical | pl.Enum)
        if not is_text and not (isinstance(kind, pl.Null) and frame.height == 0):
            raise InputError(f"{where}: column '{name}' holds {kind}; it must be text")
        empty = frame[name].is_null()
        if empty.any():
            others = others_like_it(int(empty.sum()), "rows")
            raise InputError(
                f"{where}: column '{name}' lacks a value in row {int(empty.arg_true()[0]) + 1}{others}"
            )
    return frame


def with_texts(table: Any, names: Sequence[str], where: Path | str) -> pl.DataFrame:
    """Return the data frame with columns that name things as text, as they would have been in a file.

    Parameters and exceptions are those of `check_texts`.
    """
    return check_texts(table, names, where).with_columns(pl.col(names).cast(pl.String))


def check_once(table: pl.DataFrame, name: str, where: Path | str, advice: str) -> None:
    """Check that no value of a column stands in two rows.

    Raises
    ------
    InputError
        Naming the first that does, and both rows.
    """
    values = table[name]
    if values.n_unique() == len(values):
        return
    twice = values.filter(~values.is_first_distinct())
    first, second = (int(row) + 1 for row in (values == twice[0]).arg_true()[:2])
    raise InputError(
        f"{where}: {name} '{shown(twice[0])}' stands in row {first} and in row {second}"
        f"{others_like_it(twice.n_unique())}; {advice}"
    )


def check_trials_frame(trials: Any, *columns: str) -> pl.DataFrame:
    """Return trials with `enrol` and `test`, a label of true or false in `is_target`, and more columns.

    Raises
    ------
    InputError
        When a column is not there, holds something else, or lacks a value; it names the column and the row.
    """
    frame = check_columns(check_texts(trials, ("enrol", "test"), "trials"), ("is_target", *columns), "trials")
    labels = frame["is_target"]
    if labels.dtype != pl.Boolean or labels.null_count():
        held = f"{labels.null_count():,} missing values" if labels.dtype == pl.Boolean else str(labels.dtype)
        raise InputError(f"trials: column 'is_target' holds {held}; it must be true or false")
    return frame
