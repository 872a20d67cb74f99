"""Delimited text to columns of text, one record a line: no field shifts, no line is lost unseen."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from svfair.tables.bad_lines import BadLine

# What bytes.split() takes for blanks, beside line ends.
_BLANKS = (b" ", b"\t", b"\x0b", b"\x0c")
_EMPTY_START, _EMPTY_LINE = re.compile(rb"[ \t\x0b\x0c]*\n"), re.compile(rb"\n[ \t\x0b\x0c]*\n")


@dataclass(frozen=True)
class Form:
    """How delimited text is laid out.

    Parameters
    ----------
    names
        One name for each field of a line, all different.
    delimiter
        One character. A blank stands for any number of blanks and tabs; those around the line do not count.
    skipped
        Lines before the first record: the header, and empty lines above it.
    quoted
        Whether quotation marks enclose fields, or are characters like any other.
    """

    names: tuple[str, ...]
    delimiter: str
    skipped: int
    quoted: bool


@dataclass(frozen=True)
class Records:
    """Rows of a file, and the lines of it that are no rows.

    Parameters
    ----------
    table
        The records; of a text file, every column is text without blanks around it.
    numbers
        Line of each record, counted from 1.
    bad
        Lines that could not be split into the right number of fields, with the reason.
    unit
        What `numbers` count, `line` or `row`.
    """

    table: pl.DataFrame
    numbers: pl.Series
    bad: list[BadLine]
    unit: str = "line"


def parse_lines(content: bytes, form: Form, wanted: Sequence[str]) -> Records:
    """Split every line that holds something into fields.

    Parameters
    ----------
    content
        The file with LF line ends.
    form
        Its layout.
    wanted
        Names of the fields to return, some of `form.names`.
    """
    body = content
    for _ in range(form.skipped):
        body = body.partition(b"\n")[2]
    records = _parse_fast(body, form, wanted)
    if records is None and form.delimiter == " ":
        body = single_blanks(body)
        records = _parse_fast(body, form, wanted)
    if records is None:
        records = parse_line_by_line(body, form, wanted)
    if _has_blanks(body, form):
        return replace(records, table=records.table.with_columns(pl.all().str.strip_chars()))
    return records


def parse_line_by_line(body: bytes, form: Form, wanted: Sequence[str]) -> Records:
    """Split lines one after the other: what `parse_lines` means, and what it does when anything is odd."""
    places = [form.names.index(name) for name in wanted]
    numbers: list[int] = []
    rows: list[list[str]] = []
    bad: list[BadLine] = []
    for number, line in enumerate(body.split(b"\n"), form.skipped + 1):
        if not line.strip():
            continue
        try:
            fields = split_line(line.decode(), form.delimiter, quoted=form.quoted)
        except UnicodeDecodeError:
            bad.append((number, "is not UTF-8 text"))
        except csv.Error:
            bad.append((number, "its quotation marks do not match"))
        else:
            if len(fields) == len(form.names):
                numbers.append(number)
                rows.append(fields)
            else:
                found = f"{len(fields)} field{'s' if len(fields) > 1 else ''}"
                bad.append((number, f"has {found} instead of {len(form.names)}"))
    columns = {
        name: pl.Series([fields[place] for fields in rows], dtype=pl.String)
        for name, place in zip(wanted, places, strict=True)
    }
    table = pl.DataFrame(columns)
    return Records(table, pl.Series(numbers, dtype=pl.Int64), bad)


def split_line(line: str, delimiter: str, *, quoted: bool) -> list[str]:
    """Split one line into fields.

    Raises
    ------
    csv.Error
        When `quoted`, and the quotation marks do not match.
    """
    if quoted and '"' in line:
        blanks_follow = delimiter != " "
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=blanks_follow))
    return line.split(delimiter)


def single_blanks(body: bytes) -> bytes:
    """Return lines with one blank between fields, whatever blanks they had; the lines stay where they are."""
    return b"\n".join(b" ".join(line.split()) for line in body.split(b"\n"))


def _parse_fast(body: bytes, form: Form, wanted: Sequence[str]) -> Records | None:
    """Read all lines at once, or return None where that could differ from reading them one by one.

    Polars fills short lines, cuts long ones, lets a quotation mark swallow line ends, and knows no line
    numbers. So the result counts only when every line is a record, the last field is there in each of them
    (no line is short or empty), and there are no more delimiters than that takes (no line is long). Where
    fields are empty, the delimiters of every line are counted.
    """
    if form.delimiter == " " and any(blank in body for blank in _BLANKS if blank != b" "):
        return None
    count = body.count(b"\n") + (not body.endswith(b"\n"))
    if body.count(form.delimiter.encode()) != count * (len(form.names) - 1):
        return None
    if form.quoted and b'"' in body and not _quotes_enclose(body, form.delimiter):
        return None
    picked = sorted({*(form.names.index(name) for name in wanted), len(form.names) - 1})
    if form.delimiter == " ":
        # Blanks in a row must show, as fields that are empty.
        picked = list(range(len(form.names)))
    try:
        table = pl.read_csv(
            body,
            separator=form.delimiter,
            has_header=False,
            columns=picked,
            infer_schema=False,
            encoding="utf8",
            quote_char='"' if form.quoted else None,
        )
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # OSError, when the bytes below a header begin as a compressed file does.
        return None
    if table.height != count:
        return None
    is_unsure = any(column.null_count() for column in table) or (
        _has_blanks(body, form) and (table.to_series(-1).str.strip_chars() == "").any()
    )
    if is_unsure:
        if not _lines_fit(body, form):
            return None
        table = table.with_columns(pl.all().fill_null(""))
    if form.quoted and b'"' in body and any(column.str.contains('"').any() for column in table):
        return None
    table.columns = [form.names[place] for place in picked]
    return Records(
        table.select(wanted), pl.int_range(form.skipped + 1, form.skipped + 1 + count, eager=True), []
    )


def _quotes_enclose(body: bytes, delimiter: str) -> bool:
    """Whether quotation marks stand at both ends of fields alone; polars guesses what others mean."""
    letters = np.frombuffer(b"\n" + body + b"\n", np.uint8)
    marks = np.flatnonzero(letters == ord('"'))
    before, behind = letters[marks[::2] - 1], letters[marks[1::2] + 1]
    return len(before) == len(behind) and all(
        bool(((side == ord(delimiter)) | (side == ord("\n"))).all()) for side in (before, behind)
    )


def _lines_fit(body: bytes, form: Form) -> bool:
    """Whether every line holds something and has its delimiters; no, where counting them could not tell."""
    if form.delimiter == " " or (form.quoted and b'"' in body):
        return False
    last = body[body.rfind(b"\n") + 1 :]
    if _EMPTY_START.match(body) or _EMPTY_LINE.search(body) or (last and not last.strip()):
        return False
    letters = np.frombuffer(body, np.uint8)
    ends = np.append(np.flatnonzero(letters == ord("\n")), [len(letters)] * bool(last))
    delimiters = np.flatnonzero(letters == ord(form.delimiter))
    counts = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    return bool((counts == len(form.names) - 1).all())


def _has_blanks(body: bytes, form: Form) -> bool:
    """Whether there may be blanks around a field."""
    return not body.isascii() or any(blank in body for blank in _BLANKS if blank != form.delimiter.encode())
