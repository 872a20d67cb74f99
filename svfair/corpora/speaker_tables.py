"""What the publishers' tables of speakers have in common."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown_list
from svfair.manifests.speakers import one_row_a_speaker
from svfair.tables.reading import read_table


def read_columns(path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    """Read some columns of a table of speakers, under the names that svfair has for them.

    Parameters
    ----------
    path
        CSV, TSV or Parquet with a header.
    columns
        The publisher's name of each wanted column, and the new one; one of them becomes `speaker_id`.

    Returns
    -------
    polars.DataFrame
        The wanted columns as text, one row a speaker.

    Raises
    ------
    InputError
        When the table cannot be read, lacks a column, or contradicts itself about a speaker.
    """
    table = read_table(path)
    require_columns(path, table.columns, columns)
    return one_row_a_speaker(path, table.select(*columns).rename(dict(columns)))


def require_columns(path: Path, found: list[str], wanted: Mapping[str, str] | tuple[str, ...]) -> None:
    """Raise when a table lacks a column.

    Raises
    ------
    InputError
        Names the first column that is not there, and those that are.
    """
    for name in wanted:
        if name not in found:
            raise InputError(f"{path}: no column '{name}'; found {shown_list(found)}")
