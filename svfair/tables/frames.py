"""Data frames that a caller made himself: the columns that a function needs, checked and named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from svfair.errors import InputError, shown_list
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


def with_texts(table: Any, names: Sequence[str], where: Path | str) -> pl.DataFrame:
    """Return a data frame whose columns of these names are text without a missing value.

    Whole numbers and categories become text, as they would have been in a file.

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
    return frame.with_columns(pl.col(names).cast(pl.String))
