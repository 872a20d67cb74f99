"""Fields of trial lists and score files, whatever format the field's tools gave them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown_list
from svfair.tables.json_lines import is_json, parse_json
from svfair.tables.lines import Form, Records, parse_lines
from svfair.tables.reading import (
    first_line,
    is_parquet,
    parquet_columns,
    read_bytes,
    read_header,
    read_parquet,
)
from svfair.tables.workbooks import is_workbook, read_workbook
from svfair.trials.hints import hints_of
from svfair.trials.label_words import LABELS
from svfair.trials.layouts import (
    Sample,
    is_number,
    layout_of,
    refuse_unknown_layout,
    sample_lines,
)

__all__ = ["LABELS", "read_records"]

#: Names under which a column is recognised when the user names none; the last are NIST's.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "enrol": (
        *("enrol", "enroll", "enrolment", "enrollment", "ref_file", "reference", "utt1", "file1"),
        "modelid",
    ),
    "test": ("test", "com_file", "comparison", "utt2", "file2", "segmentid"),
    "is_target": ("is_target", "label", "lab", "target", "key", "same", "targettype"),
    "score": ("score", "sc", "scores", "similarity", "cosine", "llr"),
}
_IN_WORDS = {
    "enrol": "enrolment utterance",
    "test": "test utterance",
    "enrol_speaker": "speaker of the enrolment utterance",
    "test_speaker": "speaker of the test utterance",
}


def read_records(
    path: Path,
    wanted: Sequence[str],
    columns: Mapping[str, str],
    target_label: str | None = None,
    optional: Sequence[str] = (),
) -> Records:
    """Read the wanted fields of a list or table of trials, with names `enrol`, `test`, `is_target`, `score`.

    Parameters
    ----------
    path
        Text in one of the layouts of `svfair.trials.layouts`; CSV, TSV, semicolons, vertical bars or blanks
        with a header; JSON, a workbook or Parquet. Text may be gzip.
    wanted
        Which of the four fields, and `enrol_speaker` and `test_speaker`.
    columns
        Names of columns, keyed by the fields; when any is given, the file has a header.
    target_label
        The word for a target trial, if the file has words of its own.
    optional
        Fields that are read too where all of them have columns of their own names.

    Returns
    -------
    Records
        Text, or for Parquet whatever type a column has.

    Raises
    ------
    InputError
        When the file cannot be read, or lacks a wanted field.
    """
    columns = {name: column.strip().lower() for name, column in columns.items() if column}
    if is_parquet(path):
        return _read_parquet(path, wanted, columns, optional)
    if is_workbook(path):
        return _select(read_workbook(path), path, wanted, columns, optional)
    content = read_bytes(path)
    if is_json(path, content):
        return _select(parse_json(path, content), path, wanted, columns, optional)
    header, delimiter, skipped = read_header(path, content)
    by_blanks = len(header) == 1 and len(header[0].split()) > 1
    if by_blanks:
        header = [name.strip('"') for name in header[0].split()]
    if not columns and not _has_names(header):
        sample = sample_lines(content, " ", target_label)
        layout = layout_of(path, sample, wanted)
        if layout is not None:
            return parse_lines(content, Form(layout, " ", 0, quoted=False), wanted)
        if by_blanks:
            refuse_unknown_layout(path, sample, skipped, " ".join(header))
        if any(is_number(field) for field in header):
            # No name of a column is a number: the first line is a trial.
            layout = layout_of(path, sample_lines(content, delimiter, target_label), wanted)
            if layout is not None:
                return parse_lines(content, Form(layout, delimiter, 0, quoted=True), wanted)
    if by_blanks:
        delimiter = " "
    sample = sample_lines(content, delimiter, target_label)
    picked = _pick(header, path, wanted, columns, sample, optional)
    roles = {column: name for name, column in picked.items()}
    names = tuple(roles.get(column, f"field {place}") for place, column in enumerate(header))
    return parse_lines(content, Form(names, delimiter, skipped, quoted=True), list(picked))


def _select(
    records: Records,
    path: Path,
    wanted: Sequence[str],
    columns: Mapping[str, str],
    optional: Sequence[str],
) -> Records:
    rows = [[text or "" for text in row] for row in records.table.head(1000).iter_rows()]
    picked = _pick(records.table.columns, path, wanted, columns, Sample(rows), optional)
    table = records.table.select(pl.col(column).alias(name) for name, column in picked.items())
    return Records(table, records.numbers, records.bad, records.unit)


def _read_parquet(
    path: Path, wanted: Sequence[str], columns: Mapping[str, str], optional: Sequence[str]
) -> Records:
    picked = _pick(parquet_columns(path), path, wanted, columns, Sample([]), optional)
    table = read_parquet(path, list(picked.values()))
    table = table.select(pl.col(column).alias(name) for name, column in picked.items())
    # Numbers stay numbers: a score keeps every bit of it.
    others = [
        name for name in picked if not (table[name].dtype.is_numeric() or table[name].dtype == pl.Boolean)
    ]
    try:
        table = table.with_columns(pl.col(others).cast(pl.String, strict=False).str.strip_chars())
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: a column holds neither text nor numbers ({first_line(error)})") from error
    return Records(table, pl.int_range(1, table.height + 1, eager=True), [], "row")


def _has_names(header: Sequence[str]) -> bool:
    """Whether two fields have names that we know; one alone could be an utterance that is called so."""
    lower = {name.lower() for name in header}
    return sum(not lower.isdisjoint(names) for names in _NAMES.values()) > 1


def _pick(
    found: Sequence[str],
    path: Path,
    wanted: Sequence[str],
    columns: Mapping[str, str],
    sample: Sample,
    optional: Sequence[str],
) -> dict[str, str]:
    """Return the column of each wanted field, and of the optional ones where all of them are there."""
    picked = {}
    names = {name.lower() for name in found}
    for name in (*wanted, *(optional if names.issuperset(optional) else ())):
        candidates = (columns[name],) if name in columns else _NAMES.get(name, (name,))
        matches = next((hits for c in candidates if (hits := [f for f in found if f.lower() == c])), [])
        option = "label" if name == "is_target" else name
        if not matches:
            what = _IN_WORDS.get(name, option)
            advice: list[str] = [Parameter(f"{option}_column")]
            if name == "is_target" and "score" in wanted:
                advice += [", or give the list of trials with ", Parameter("trials")]
            raise InputError(
                f"{path}: no column for the {what}; found {shown_list(found)}. Name it with ",
                *advice,
                hints=hints_of(found, sample, wanted),
            )
        if len(matches) > 1:
            raise InputError(
                f"{path}: {len(matches)} columns are called '{candidates[0]}'; rename all but one"
            )
        picked[name] = matches[0]
    if len(set(picked.values())) < len(picked):
        raise InputError(f"{path}: one column is named for two things; name one for each")
    return picked
