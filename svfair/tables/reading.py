"""Delimited text and Parquet as tables of text, whatever tool wrote them."""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedIOBase
from itertools import chain
from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown, shown_list
from svfair.tables.bad_lines import BadLine, refuse
from svfair.tables.json_lines import is_json, parse_json
from svfair.tables.lines import Form, Records, parse_lines, split_line
from svfair.tables.parquet_structure import damage
from svfair.tables.workbooks import is_workbook, read_workbook

_DELIMITERS = ("\t", ",", ";", "|")

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

#: Bytes of a large table that are read at a time.
_BLOCK = 1 << 25

#: A gzip file may unpack to so many bytes, or to so many times its size: trials are packed to about a tenth.
_MOST_UNPACKED, _MOST_RATIO = 1 << 28, 200

#: A table may have so many columns.
_MOST_COLUMNS = 10_000


def read_table(path: Path) -> pl.DataFrame:
    """Read a table with a header; every column as text without blanks around it.

    CSV, TSV, semicolons, vertical bars, gzip or not; JSON lines, a workbook or Parquet. The delimiter is the
    one that the header has most of. A byte-order mark and CRLF line ends are accepted. A record is a line:
    quotation marks may enclose delimiters, but not line ends.

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
    if is_workbook(path):
        return read_workbook(path)
    content = read_bytes(path)
    if is_json(path, content):
        records = parse_json(path, content)
        refuse(path, records.bad, records.unit, "Mend them or take them out")
        return records
    names, delimiter, skipped = read_header(path, content)
    columns = tuple(name or f"column {place}" for place, name in enumerate(names, 1))
    _refuse_equal(path, columns)
    records = parse_lines(content, Form(columns, delimiter, skipped, quoted=True), columns)
    refuse(path, records.bad, records.unit, "Mend them or take them out")
    return records


def _refuse_equal(path: Path, columns: Sequence[str]) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise InputError(f"{path}: two columns are called '{shown(twice[0])}'; rename one")


def read_unquoted(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Records:
    """Read some columns of a table with tabs, in which quotation marks are characters like any other.

    Parameters
    ----------
    path
        Text with a header; gzip or not.
    required, optional
        Names of columns; optional ones that are not there are left out.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, or a line has more or fewer fields than the header.
    """
    blocks = _blocks(path)
    first = next(blocks, b"")
    if not first.strip():
        raise InputError(f"{path}: is empty")
    skipped, header = _first_line(first)
    names = tuple(name.strip() for name in header.split("\t"))
    missing = [name for name in required if name not in names]
    if missing:
        raise InputError(
            f"{path}: no column '{missing[0]}'; found {shown_list(names)}. "
            "It has to be the table as published, with tabs"
        )
    wanted = [*required, *(name for name in optional if name in names)]
    form = Form(names, "\t", skipped, quoted=False)
    parts: list[Records] = []
    bad: list[BadLine] = []
    before = 0
    for block in chain([first], blocks):
        parts.append(parse_lines(block, form, wanted))
        bad += [(before + number, reason) for number, reason in parts[-1].bad]
        parts[-1] = replace(parts[-1], numbers=before + parts[-1].numbers)
        before += block.count(b"\n")
        form = replace(form, skipped=0)
    refuse(path, bad, "line", "Mend them or take them out")
    return Records(pl.concat([part.table for part in parts]), pl.concat([part.numbers for part in parts]), [])


def read_header(path: Path, content: bytes) -> tuple[list[str], str, int]:
    """Return the names in the first line that holds something, the delimiter, and the lines up to there.

    Raises
    ------
    InputError
        When the quotation marks of that line do not match.
    """
    number, header = _first_line(content)
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    delimiter = max(_DELIMITERS, key=outside_quotes.count)
    if delimiter not in outside_quotes:
        delimiter = ","
    if header.count(delimiter) >= _MOST_COLUMNS:
        raise InputError(
            f"{path}: line {number} has {header.count(delimiter) + 1:,} fields; a table has at most "
            f"{_MOST_COLUMNS:,} columns"
        )
    try:
        names = split_line(header, delimiter, quoted=True)
    except csv.Error as error:
        raise InputError(f"{path}: line {number}: its quotation marks do not match") from error
    return [name.strip() for name in names], delimiter, number


def _first_line(content: bytes) -> tuple[int, str]:
    """Return number and text of the first line that holds something."""
    lines = enumerate(io.BytesIO(content), 1)
    number, line = next((number, line) for number, line in lines if line.strip())
    return number, line.rstrip(b"\n").decode("utf-8", errors="replace")


def is_parquet(path: Path) -> bool:
    """Whether a file says that it is Parquet, by its first bytes or by its name."""
    _check_regular(path)
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
        When the file is damaged, or takes more memory than there is.
    """
    _check_parquet(path, columns)
    with parquet_errors_named(path):
        # Without `glob`, brackets in the names of files are what they are.
        return pl.read_parquet(path, columns=list(columns) if columns is not None else None, glob=False)


def parquet_columns(path: Path) -> list[str]:
    """Return the names of a Parquet file's columns.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    _check_parquet(path, ())
    with parquet_errors_named(path), path.open("rb") as file:
        return list(pl.read_parquet_schema(file))


@contextmanager
def parquet_errors_named(path: Path) -> Iterator[None]:
    """Raise InputError, with the file, in place of what polars raises."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({first_line(error)})") from error


def _check_parquet(path: Path, columns: Sequence[str] | None) -> None:
    """Refuse what polars could not survive."""
    try:
        found = damage(path, columns)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    if found:
        raise InputError(f"{path}: cannot be read as Parquet ({found})")


def read_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked if it is gzip, without byte-order mark and with LF line ends.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged or not text.
    """
    with _opened(path) as stream:
        content = _plain(path, b"".join(_pieces(path, stream)))
    if content.isspace() or not content:
        raise InputError(f"{path}: is empty")
    return content


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield what `read_bytes` returns in pieces of whole lines, so that a large file is never held whole."""
    with _opened(path) as stream:
        kept = b""
        for piece in _pieces(path, stream):
            head, end, tail = piece.rpartition(b"\n")
            if end:
                yield _plain(path, kept + head + end)
                kept = tail
            else:
                kept += piece
        if kept:
            yield _plain(path, kept)


def _pieces(path: Path, stream: BufferedIOBase) -> Iterator[bytes]:
    """Yield a file's content, and stop where it is no text or unpacks to far more than text does."""
    most = max(_MOST_UNPACKED, _MOST_RATIO * path.stat().st_size)
    total = 0
    while piece := stream.read(_BLOCK):
        if total == 0 and piece.startswith(_UTF16):
            raise InputError(f"{path}: is UTF-16 text; save it as UTF-8")
        if b"\0" in piece:
            raise InputError(f"{path}: is not a text file")
        total += len(piece)
        if total > most and isinstance(stream, gzip.GzipFile):
            raise InputError(
                f"{path}: unpacks to more than {most / 2**20:,.0f} MiB, over {_MOST_RATIO} times its size, "
                "as no table does; unpack it yourself if it is one"
            )
        yield piece


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """Give a file's content, unpacked if it is gzip."""
    _check_regular(path)
    try:
        with path.open("rb") as file:
            is_packed = file.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if is_packed else path.open("rb") as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error


def _check_regular(path: Path) -> None:
    """Refuse what gives its content once: a file is opened to see what it is, and then to be read."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path}: is a pipe or a device; write it to a file first")


def _plain(path: Path, content: bytes) -> bytes:
    """Return text without byte-order mark and with LF line ends."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind when it has none."""
    return shown((str(error).splitlines() or [type(error).__name__])[0], 200)
