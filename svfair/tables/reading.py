"""Delimited text and Parquet as tables of text, whatever tool wrote them."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.tables.bad_lines import refuse
from svfair.tables.lines import Form, Records, parse_lines, split_line

_DELIMITERS = ("\t", ",", ";", "|")

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_table(path: Path) -> pl.DataFrame:
    """Read a table with a header; every column as text without blanks around it.

    CSV, TSV, semicolons, vertical bars or Parquet, gzip or not; the delimiter is the one that the header has
    most of. A byte-order mark and CRLF line ends are accepted. A record is a line: quotation marks may
    enclose delimiters, but not line ends.

    Raises
    ------
    InputError
        When the file is missing, empty, not text, or its lines do not fit its header.
    """
    return read_table_records(path).table


def read_table_records(path: Path) -> Records:
    """Read a table as `read_table` does, with the line of each record.

    Raises
    ------
    InputError
        See `read_table`.
    """
    if is_parquet(path):
        table = read_parquet(path)
        try:
            table = table.with_columns(pl.all().cast(pl.String).str.strip_chars())
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{path}: a column cannot be shown as text ({first_line(error)})") from error
        return Records(table, pl.int_range(1, table.height + 1, eager=True), [], "row")
    content = read_bytes(path)
    names, delimiter, skipped = read_header(path, content)
    columns = tuple(name or f"column {place}" for place, name in enumerate(names, 1))
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise InputError(f"{path}: two columns are called '{shown(twice[0])}'; rename one")
    records = parse_lines(content, Form(columns, delimiter, skipped, quoted=True), columns)
    refuse(path, records.bad, records.unit, "Mend them or take them out")
    return records


def read_header(path: Path, content: bytes) -> tuple[list[str], str, int]:
    """Return the names in the first line that holds something, the delimiter, and the lines up to there.

    Raises
    ------
    InputError
        When the quotation marks of that line do not match.
    """
    lines = enumerate(io.BytesIO(content), 1)
    number, line = next((number, line) for number, line in lines if line.strip())
    header = line.rstrip(b"\n").decode("utf-8", errors="replace")
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    delimiter = max(_DELIMITERS, key=outside_quotes.count)
    if delimiter not in outside_quotes:
        delimiter = ","
    try:
        names = split_line(header, delimiter, quoted=True)
    except csv.Error as error:
        raise InputError(f"{path}: line {number}: its quotation marks do not match") from error
    return [name.strip() for name in names], delimiter, number


def is_parquet(path: Path) -> bool:
    """Whether a file says that it is Parquet, by its first bytes or by its name."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _PARQUET or path.suffix == ".parquet"
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a Parquet file, each column as the type that it has.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    try:
        return pl.read_parquet(path, columns=list(columns) if columns is not None else None)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({first_line(error)})") from error


def parquet_columns(path: Path) -> list[str]:
    """Return the names of a Parquet file's columns.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    try:
        return list(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({first_line(error)})") from error


def read_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked if it is gzip, without byte-order mark and with LF line ends.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged or not text.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    if content.startswith(_UTF16):
        raise InputError(f"{path}: is UTF-16 text; save it as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise InputError(f"{path}: is not a text file")
    if content.isspace() or not content:
        raise InputError(f"{path}: is empty")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind when it has none."""
    return shown((str(error).splitlines() or [type(error).__name__])[0], 200)
