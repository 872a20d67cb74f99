"""Delimited text and Parquet as tables of text, whatever tool wrote them."""

import gzip
from pathlib import Path

import polars as pl

from svfair.errors import InputError

_DELIMITERS = ("\t", ",", ";", "|")


def read_table(path: Path) -> pl.DataFrame:
    """Read a table with a header; every column as text without blanks around it.

    CSV, TSV, semicolons or Parquet, gzip or not; the delimiter is the one that the header has most of. A
    byte-order mark and CRLF line ends are accepted.

    Raises
    ------
    InputError
        When the file is missing, empty, not text, or its rows do not fit its header.
    """
    if path.suffix == ".parquet":
        try:
            table = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{path}: cannot be read as Parquet ({_first_line(error)})") from error
        return table.with_columns(pl.all().cast(pl.String).str.strip_chars())
    content = read_bytes(path)
    header = content.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    delimiter = max(_DELIMITERS, key=header.count)
    return read_delimited(path, content, delimiter, has_header=True)


def read_delimited(path: Path, content: bytes, delimiter: str, *, has_header: bool) -> pl.DataFrame:
    """Read delimited text that is in memory; `path` is for messages alone."""
    try:
        table = pl.read_csv(
            content,
            separator=delimiter,
            has_header=has_header,
            infer_schema=False,
            encoding="utf8",
            # A list without header is no CSV: a quotation mark in it is a character like any other.
            quote_char='"' if has_header else None,
        )
        if has_header:
            table = table.rename(lambda name: name.strip())
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: cannot be read as a table ({_first_line(error)})") from error
    return table.with_columns(pl.all().str.strip_chars().fill_null(""))


def read_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked if it is gzip, without byte-order mark and with LF line ends.

    Raises
    ------
    InputError
        When the file is missing, empty or damaged.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({_first_line(error)})") from error
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content[:4096]:
        raise InputError(f"{path}: is not a text file")
    if not content.strip():
        raise InputError(f"{path}: is empty")
    return content.replace(b"\r\n", b"\n") if b"\r" in content else content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
