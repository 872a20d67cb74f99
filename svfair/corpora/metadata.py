"""The tables that a publisher ships beside the audio."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown_list
from svfair.manifests.speakers import one_row_a_speaker
from svfair.tables.reading import read_table


def find_file(source: Path, name: str, given: str | None = None, *, parameter: str | None = None) -> Path:
    """Return the path of a publisher's table: the one given, or the one of that name in `source`.

    It is also found one or two folders further down.

    Parameters
    ----------
    source
        The corpus's folder.
    name
        Of the table.
    given
        Its path, when the user named it.
    parameter
        With which a user can name it, if there is one.

    Raises
    ------
    InputError
        When it is not there, or is there more than once.
    """
    if given is not None:
        if not Path(given).exists() or Path(given).is_dir():
            what = "is a folder; name the table in it" if Path(given).is_dir() else "no such file"
            raise InputError(Parameter(parameter or "file"), f" {given}: {what}")
        return Path(given)
    one_of_them = ("name one with ", Parameter(parameter)) if parameter else ("take one away",)
    or_name_it = (", or name it with ", Parameter(parameter)) if parameter else ()
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        found = sorted(path for path in source.glob(pattern) if path.is_file())
        if len(found) > 1:
            raise InputError(f"{source}: holds '{name}' twice ({found[0]}, {found[1]}); ", *one_of_them)
        if found:
            return found[0]
    raise InputError(f"{source}: holds no '{name}'; put it there", *or_name_it)


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
