"""Tables out, whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from svfair.errors import InputError
from svfair.files import written_whole
from svfair.tables.reading import first_line


@contextmanager
def table_written(path: Path) -> Iterator[Path]:
    """Give a temporary path as `written_whole` does; polars does not always say that it was an OSError."""
    with written_whole(path) as temporary:
        try:
            yield temporary
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{path}: cannot be written ({first_line(error)})") from error


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet (by its suffix), whole or not at all.

    Raises
    ------
    InputError
        When it cannot be written, such as on a full disk.
    """
    with table_written(path) as temporary:
        if path.suffix == ".parquet":
            table.write_parquet(temporary)
        else:
            table.write_csv(temporary)
