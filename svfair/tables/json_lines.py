"""Tables as JSON: one object a line, as NeMo writes manifests, or one list of objects."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from svfair.errors import InputError
from svfair.tables.bad_lines import BadLine
from svfair.tables.lines import Records

_SUFFIXES = {".json", ".jsonl", ".ndjson"}

#: Objects with other names each would make a table of their number squared.
_MOST_NAMES = 10_000


def is_json(path: Path, content: bytes) -> bool:
    """Whether a file is JSON, by its name or its first characters."""
    return content.lstrip()[:2] in (b'{"', b"[{") or not _SUFFIXES.isdisjoint(path.suffixes[-2:])


def parse_json(path: Path, content: bytes) -> Records:
    """Read objects as rows; every value as the text that stands there, null where there is none.

    Raises
    ------
    InputError
        When the text is neither a list of objects nor lines of which one at least is an object.
    """
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    bad: list[BadLine] = []
    unit = "line"
    pairs: Iterable[tuple[int, Any]]
    if content.lstrip().startswith(b"["):
        unit = "object"
        whole = _parsed(content)
        if not isinstance(whole, list):
            raise InputError(f"{path}: {whole}; it has to be one list of objects, or one object a line")
        pairs = enumerate(whole, 1)
    else:
        pairs = (
            (number, _parsed(line)) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()
        )
    for number, value in pairs:
        if isinstance(value, dict):
            numbers.append(number)
            rows.append(value)
        else:
            bad.append((number, value if isinstance(value, str) and unit == "line" else "is no JSON object"))
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        raise InputError(f"{path}: has no JSON objects; it has to be one list of them, or one a line")
    if len(names) > _MOST_NAMES:
        raise InputError(
            f"{path}: its objects have {len(names):,} different names; "
            f"a table has at most {_MOST_NAMES:,} columns"
        )
    table = pl.DataFrame(
        {name: pl.Series([_text(row.get(name)) for row in rows], dtype=pl.String) for name in names}
    )
    return Records(table, pl.Series(numbers, dtype=pl.Int64), bad, unit)


def _parsed(text: bytes) -> Any:
    """Return the value with its numbers as they stand there, or a text that tells what is wrong."""
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return f"is no JSON ({type(error).__name__ if isinstance(error, RecursionError) else error})"
    return value if isinstance(value, dict | list) else "is no JSON object"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        # A lone surrogate is no character, and polars takes none.
        return None if value is None else value.encode(errors="replace").decode().strip()
    return json.dumps(value)
