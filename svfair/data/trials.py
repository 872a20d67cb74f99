"""Trial lists and scores, in the formats that the field uses."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from svfair.data.tables import read_bytes, read_delimited, read_table
from svfair.errors import InputError
from svfair.files import written_whole

_LABELS = {"1": True, "target": True, "true": True, "0": False, "nontarget": False, "false": False} | {
    "non-target": False,
    "1.0": True,
    "0.0": False,
}

#: Names under which a column is recognised when the user names none.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "enrol": ("enrol", "enroll", "enrolment", "enrollment", "ref_file", "reference", "utt1", "file1"),
    "test": ("test", "com_file", "comparison", "utt2", "file2"),
    "is_target": ("is_target", "label", "lab", "target", "key", "same"),
    "score": ("score", "sc", "scores", "similarity", "cosine"),
}


def read_trials(path: Path, *, columns: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read a trial list.

    Parameters
    ----------
    path
        `1 enrol test` (VoxCeleb), `enrol test target|nontarget` (Kaldi), or CSV, TSV or Parquet with a
        header; gzip or not.
    columns
        Names of the columns in a file with header, keyed by `enrol`, `test`, `is_target`.

    Returns
    -------
    polars.DataFrame
        `enrol`, `test` (text) and `is_target` (boolean), in the order of the file.

    Raises
    ------
    InputError
        Naming the file, the line and what is wrong there.
    """
    return _check_labels(*_read(path, ("enrol", "test", "is_target"), columns or {}), path)


def read_scores(path: Path, *, columns: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read scored trials: the formats of `read_trials` with the score last, or in a column of its own.

    Returns
    -------
    polars.DataFrame
        `enrol`, `test`, `is_target` and `score` (float64, finite).

    Raises
    ------
    InputError
        As `read_trials`; and when a score is not a finite number, or all trials are of one kind.
    """
    table, first_line = _read(path, ("enrol", "test", "is_target", "score"), columns or {})
    table = _check_labels(table, first_line, path)
    score = table["score"].cast(pl.Float64, strict=False)
    bad = score.is_null() | ~score.is_finite().fill_null(False)
    if bad.any():
        row = int(bad.arg_true()[0])
        raise InputError(
            f"{path}: line {row + first_line}: score '{table['score'][row]}' is not a finite number"
            f"{_others(int(bad.sum()))}"
        )
    table = table.with_columns(score=score)
    kinds = table["is_target"].unique().to_list()
    if len(kinds) < 2:
        there, missing = ("target", "non-target") if kinds[0] else ("non-target", "target")
        raise InputError(f"{path}: holds {there} trials alone; error rates need {missing} trials too")
    return table


def write_trials(table: pl.DataFrame, path: Path) -> None:
    """Write trials: `.txt` as `1 enrol test`, `.parquet`, or else CSV; whole or not at all."""
    as_number = pl.col("is_target").cast(pl.Int8)
    with written_whole(path) as temporary:
        if path.suffix == ".parquet":
            table.write_parquet(temporary)
        elif path.suffix == ".txt":
            rest = [name for name in table.columns if name not in ("is_target", "enrol", "test")]
            ordered = table.select(as_number, "enrol", "test", *rest)
            ordered.write_csv(temporary, separator=" ", include_header=False)
        else:
            table.with_columns(as_number).write_csv(temporary)


write_scores = write_trials


def speaker_of(utterances: pl.Series, pattern: str | None = None) -> pl.Series:
    """Return the speaker of each utterance from its path.

    Parameters
    ----------
    utterances
        Utterance ids or paths.
    pattern
        Regular expression whose first group is the speaker; by default the first folder
        (`id10001/VIDEO/00001.wav`).

    Raises
    ------
    InputError
        When the pattern is no regular expression with a group, or does not match an utterance.
    """
    if pattern is None:
        return utterances.str.split_exact("/", 1).struct.field("field_0")
    try:
        speakers = utterances.str.extract(pattern, 1)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"--speaker-pattern '{pattern}': {str(error).splitlines()[0]}") from error
    if speakers.null_count():
        first = utterances.filter(speakers.is_null())[0]
        raise InputError(
            f"--speaker-pattern '{pattern}' has no group 1 or does not match '{first}'"
            f"{_others(speakers.null_count())}"
        )
    return speakers


def _read(path: Path, wanted: tuple[str, ...], columns: Mapping[str, str]) -> tuple[pl.DataFrame, int]:
    """Return the wanted columns as text, and the number of the first line that holds a trial."""
    if path.suffix == ".parquet":
        return _pick(read_table(path), path, wanted, columns), 2
    content = read_bytes(path)
    first = content.split(b"\n", 1)[0].decode("utf-8", errors="replace").split()
    plain = len(first) >= 3 and not any(mark in " ".join(first) for mark in (",", ";", "|"))
    if plain and {first[0].lower(), first[2].lower()} & _LABELS.keys():
        return _pick_by_place(_read_blanks(path, content), path, first, wanted), 1
    return _pick(read_table(path), path, wanted, columns), 2


def _read_blanks(path: Path, content: bytes) -> pl.DataFrame:
    """Read lines of fields between blanks (single blanks fast, runs of them and tabs after clean-up)."""
    if b"\t" in content or b"  " in content or content[:1] == b" " or b" \n" in content:
        content = b"\n".join(b" ".join(line.split()) for line in content.splitlines())
    return read_delimited(path, content, " ", has_header=False)


def _pick_by_place(
    table: pl.DataFrame, path: Path, first: list[str], wanted: tuple[str, ...]
) -> pl.DataFrame:
    if len(table.columns) < len(wanted):
        raise InputError(f"{path}: is a list of trials without scores; each line needs a score at its end")
    order = ("is_target", "enrol", "test") if first[0].lower() in _LABELS else ("enrol", "test", "is_target")
    names = dict(zip(table.columns, (*order, "score"), strict=False))
    return table.rename(names).select(wanted)


def _pick(
    table: pl.DataFrame, path: Path, wanted: tuple[str, ...], columns: Mapping[str, str]
) -> pl.DataFrame:
    by_lower = {name.lower(): name for name in reversed(table.columns)}
    picked = {}
    for name in wanted:
        candidates = (columns[name].lower(),) if columns.get(name) else _NAMES[name]
        found = [by_lower[candidate] for candidate in candidates if candidate in by_lower]
        if not found:
            option = "label" if name == "is_target" else name
            what = {"enrol": "enrolment utterance", "test": "test utterance"}.get(name, option)
            raise InputError(
                f"{path}: no column for the {what}; found {', '.join(table.columns)}. "
                f"Name it with --{option}-column"
            )
        picked[name] = found[0]
    return table.select(pl.col(source).alias(name) for name, source in picked.items())


def _check_labels(table: pl.DataFrame, first_line: int, path: Path) -> pl.DataFrame:
    if table.height == 0:
        raise InputError(f"{path}: holds no trials")
    labels = table["is_target"].str.to_lowercase().replace_strict(_LABELS, default=None)
    bad = labels.is_null() | (table["enrol"] == "") | (table["test"] == "")
    if bad.any():
        row = int(bad.arg_true()[0])
        label = table["is_target"][row]
        problem = (
            f"label '{label}' is none of 0, 1, target, nontarget"
            if labels[row] is None
            else "an utterance is missing"
        )
        raise InputError(f"{path}: line {row + first_line}: {problem}{_others(int(bad.sum()))}")
    return table.with_columns(is_target=labels)


def _others(count: int) -> str:
    return f" ({count - 1} more like it)" if count > 1 else ""
