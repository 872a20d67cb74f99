"""Tables in Excel's workbooks, through a library that svfair does without otherwise."""

import importlib.util
from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.tables.lines import Records

_SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its name."""
    return path.suffix.lower() in _SUFFIXES


def read_workbook(path: Path) -> Records:
    """Read the first sheet, whose first row has the names; every cell as text.

    Raises
    ------
    InputError
        When the library is not installed, or the file is damaged.
    """
    if importlib.util.find_spec("fastexcel") is None:
        raise InputError(
            f"{path}: reading a workbook needs 'fastexcel': pip install 'svfair[excel]', or save it as CSV"
        )
    try:
        table = pl.read_excel(
            path, engine="calamine", read_options={"dtypes": "string"}, raise_if_empty=False
        )
    # The library has errors of its own, which are not there to name where it is not installed.
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a workbook ({shown(error, 200)})") from error
    if table.width == 0:
        raise InputError(f"{path}: is empty")
    table = table.with_columns(pl.all().cast(pl.String).str.strip_chars())
    table.columns = [name.strip() for name in table.columns]
    # Row 1 of the sheet has the names.
    return Records(table, pl.int_range(2, table.height + 2, eager=True), [], "row")
