"""Which of the field's formats a trial list or score file has, told from its content.

Lists without a header are recognised by their layout: VoxCeleb's `label enrol test`, Kaldi's
`enrol test label`, the same with a score behind (3D-Speaker copies its trials like this), WeSpeaker's
`enrol test score label` (with four more numbers after score normalisation, and `enrol test label score`
with twelve more before calibration), and `enrol test score`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown, shown_list
from svfair.tables.lines import Form, Records, parse_lines
from svfair.tables.reading import (
    first_line,
    is_parquet,
    parquet_columns,
    read_bytes,
    read_header,
    read_parquet,
)

#: What publishers write for a target and for a non-target trial, in lower case.
LABELS: Mapping[str, bool] = dict.fromkeys(("1", "1.0", "target", "true", "tgt"), True) | dict.fromkeys(
    ("0", "0.0", "nontarget", "non-target", "false", "imp"), False
)

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

_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("is_target", "enrol", "test"),
    ("enrol", "test", "is_target"),
    ("is_target", "enrol", "test", "score"),
    ("enrol", "test", "is_target", "score"),
    ("enrol", "test", "score", "is_target"),
    ("enrol", "test", "score"),
    ("enrol", "test", "score", "is_target", *(f"statistic {place}" for place in range(4))),
    ("enrol", "test", "is_target", "score", *(f"factor {place}" for place in range(12))),
)

# The layout is told from the first lines, so that one bad line, even the first, does not hide it.
_SAMPLE_LINES = 1000
_SAMPLE_BYTES = 200_000


def read_records(path: Path, wanted: Sequence[str], columns: Mapping[str, str]) -> Records:
    """Read the wanted fields of a list or table of trials, with names `enrol`, `test`, `is_target`, `score`.

    Parameters
    ----------
    path
        Text in one of the layouts above; CSV, TSV, semicolons, vertical bars or blanks with a header; or
        Parquet. Gzip or not.
    wanted
        Which of the four fields.
    columns
        Names of columns, keyed by the four fields; when any is given, the file has a header.

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
        return _read_parquet(path, wanted, columns)
    content = read_bytes(path)
    header, delimiter, skipped = read_header(path, content)
    by_blanks = len(header) == 1 and len(header[0].split()) > 1
    if by_blanks:
        header = [name.strip('"') for name in header[0].split()]
    if not columns and not _has_names(header):
        layout = _layout(path, content, wanted)
        if layout is not None:
            return parse_lines(content, Form(layout, " ", 0, quoted=False), wanted)
        if by_blanks:
            raise InputError(
                f"{path}: its lines have no known layout, such as '1 enrol test 0.5' or "
                f"'enrol test target 0.5', and no header; line {skipped} is '{shown(' '.join(header))}'"
            )
    picked = _pick(header, path, wanted, columns)
    roles = {column: name for name, column in picked.items()}
    names = tuple(roles.get(column, f"field {place}") for place, column in enumerate(header))
    if by_blanks:
        delimiter = " "
    return parse_lines(content, Form(names, delimiter, skipped, quoted=True), wanted)


def _read_parquet(path: Path, wanted: Sequence[str], columns: Mapping[str, str]) -> Records:
    picked = _pick(parquet_columns(path), path, wanted, columns)
    table = read_parquet(path, list(picked.values()))
    table = table.select(pl.col(column).alias(name) for name, column in picked.items())
    # Numbers stay numbers: a score keeps every bit of it.
    others = [
        name for name in wanted if not (table[name].dtype.is_numeric() or table[name].dtype == pl.Boolean)
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


def _layout(path: Path, content: bytes, wanted: Sequence[str]) -> tuple[str, ...] | None:
    sample = [line.split() for line in _sample(content).split("\n")[:_SAMPLE_LINES]]
    counts = {layout: sum(_fits(fields, layout) for fields in sample) for layout in _LAYOUTS}
    usable = [layout for layout in _LAYOUTS if set(wanted) <= set(layout)]
    best = max(usable, key=lambda layout: counts[layout])
    if counts[best] == 0:
        _explain_missing(path, max(_LAYOUTS, key=lambda layout: counts[layout]), counts, wanted)
        return None
    rivals = [layout for layout in usable if len(layout) == len(best) and counts[layout] == counts[best]]
    if len(rivals) > 1:
        ways = " or ".join(f"'{_in_words(layout)}'" for layout in rivals[:2])
        raise InputError(f"{path}: its lines could be {ways}; put a header line above them")
    return best


def _sample(content: bytes) -> str:
    part = content[:_SAMPLE_BYTES]
    if len(part) < len(content) and b"\n" in part:
        part = part[: part.rindex(b"\n")]
    return part.decode("utf-8", errors="replace")


def _fits(fields: Sequence[str], layout: Sequence[str]) -> bool:
    if len(fields) != len(layout) or any(field.endswith((",", ";", "|")) for field in fields):
        return False
    values = dict(zip(layout, fields, strict=True))
    label, score = values.get("is_target"), values.get("score")
    return (label is None or label.lower() in LABELS) and (score is None or _is_number(score))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _explain_missing(
    path: Path, layout: tuple[str, ...], counts: Mapping[tuple[str, ...], int], wanted: Iterable[str]
) -> None:
    if counts[layout] == 0:
        return
    if "score" in wanted and "score" not in layout:
        raise InputError(f"{path}: is a list of trials without scores; each line needs a score at its end")
    raise InputError(
        f"{path}: its lines are '{_in_words(layout)}', without labels; give the list of trials with ",
        Parameter("trials"),
    )


def _in_words(layout: Iterable[str]) -> str:
    return " ".join("label" if name == "is_target" else name for name in layout)


def _pick(
    found: Sequence[str], path: Path, wanted: Sequence[str], columns: Mapping[str, str]
) -> dict[str, str]:
    """Return the column of each wanted field."""
    picked = {}
    for name in wanted:
        candidates = (columns[name],) if name in columns else _NAMES[name]
        matches = next((hits for c in candidates if (hits := [f for f in found if f.lower() == c])), [])
        option = "label" if name == "is_target" else name
        if not matches:
            what = {"enrol": "enrolment utterance", "test": "test utterance"}.get(name, option)
            advice: list[str] = [Parameter(f"{option}_column")]
            if name == "is_target":
                advice += [", or give the list of trials with ", Parameter("trials")]
            raise InputError(
                f"{path}: no column for the {what}; found {shown_list(found)}. Name it with ", *advice
            )
        if len(matches) > 1:
            raise InputError(
                f"{path}: {len(matches)} columns are called '{candidates[0]}'; rename all but one"
            )
        picked[name] = matches[0]
    if len(set(picked.values())) < len(picked):
        raise InputError(f"{path}: one column is named for two things; name one for each")
    return picked
