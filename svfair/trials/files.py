"""Trial lists and scores, in the formats that the field uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.tables.bad_lines import BadLine, Rejected, others_like_it, refuse, rejected
from svfair.tables.facts import write_parquet
from svfair.tables.lines import Records
from svfair.tables.writing import table_written
from svfair.trials.formats import LABELS, read_records
from svfair.trials.labels import check_labels_agree, label_from_list

_TRIAL = ("enrol", "test", "is_target")


def read_trials(path: Path, *, columns: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read a trial list.

    Parameters
    ----------
    path
        `1 enrol test` (VoxCeleb), `enrol test target|nontarget` (Kaldi), or a table with a header: CSV, TSV,
        semicolons, vertical bars, blanks or Parquet; gzip or not. A file of scores will do too.
    columns
        Names of the columns in a file with header, keyed by `enrol`, `test`, `is_target`.

    Returns
    -------
    polars.DataFrame
        `enrol`, `test` (text) and `is_target` (boolean), in the order of the file.

    Raises
    ------
    InputError
        Telling how many lines cannot be used, with the line and the reason of the first three; or naming
        two lines that contradict each other.
    """
    records = _usable(read_records(path, _TRIAL, columns or {}), _TRIAL)
    refuse(path, records.bad, records.unit, "Mend them or take them out")
    _refuse_nothing(path, records)
    check_labels_agree(records.table, records.numbers, path, records.unit)
    return records.table


@dataclass(frozen=True)
class TrialList:
    """A trial list that labels are taken from: `enrol`, `test`, `is_target`, and the file they are from."""

    path: Path
    table: pl.DataFrame


def read_trial_list(path: Path) -> TrialList:
    """Read a trial list as `read_trials` does, for the labels of one or more score files."""
    return TrialList(path, read_trials(path))


def read_scores(
    path: Path, *, columns: Mapping[str, str] | None = None, trials: TrialList | Path | None = None
) -> pl.DataFrame:
    """Read scored trials, in any format that the field's tools write.

    Parameters
    ----------
    path
        The formats of `read_trials` with a score behind the label, or in a column of its own; WeSpeaker's
        `enrol test score label`; or, with `trials`, `enrol test score`.
    columns
        Names of the columns in a file with header, keyed by `enrol`, `test`, `is_target`, `score`.
    trials
        A trial list (or its file) that the labels are taken from, by the pair of utterances. Labels in
        `path`, if there are any, are not looked at. Each score needs its trial in the list, and each trial
        its score.

    Returns
    -------
    polars.DataFrame
        `enrol`, `test` (text), `is_target` (boolean) and `score` (float64, finite), in the order of the file.

    Raises
    ------
    InputError
        As `read_trials`; and when all trials are of one kind, a score has no trial, a trial has no score, or
        a pair of utterances has one trial and several scores.
    """
    records, _ = _read_scores(path, columns, trials, lenient=False)
    return records.table


def read_scores_leniently(
    path: Path, *, columns: Mapping[str, str] | None = None, trials: TrialList | Path | None = None
) -> tuple[pl.DataFrame, Rejected]:
    """Read scored trials as `read_scores` does, but leave out the lines that cannot be used, and count them.

    With `trials`, a score whose trial is not in the list is such a line, and a trial without a score is
    counted apart. The list itself has to be right.

    Returns
    -------
    table
        See `read_scores`.
    rejected
        How many lines were left out, and the first of them.

    Raises
    ------
    InputError
        As `read_scores`, but for single lines; and when no line is left.
    """
    records, unscored = _read_scores(path, columns, trials, lenient=True)
    return records.table, rejected(records.bad, records.unit, unscored=unscored)


def write_trials(table: pl.DataFrame, path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Write trials: `.txt` as `1 enrol test`, `.parquet`, or else CSV; whole or not at all.

    `facts` go into the key-value metadata of Parquet, if polars can; other formats have no place for them.
    """
    as_number = pl.col("is_target").cast(pl.Int8)
    with table_written(path) as temporary:
        if path.suffix == ".parquet":
            write_parquet(table, temporary, facts)
        elif path.suffix == ".txt":
            rest = [name for name in table.columns if name not in ("is_target", "enrol", "test")]
            ordered = table.select(as_number, "enrol", "test", *rest)
            ordered.write_csv(temporary, separator=" ", include_header=False)
        else:
            table.with_columns(as_number).write_csv(temporary)


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
        raise InputError(
            Parameter("speaker_pattern"), f" '{pattern}': {str(error).splitlines()[0]}"
        ) from error
    if speakers.null_count():
        first = utterances.filter(speakers.is_null())[0]
        others = others_like_it(speakers.null_count())
        raise InputError(
            Parameter("speaker_pattern"),
            f" '{pattern}' has no group 1 or does not match '{shown(first)}'{others}",
        )
    return speakers


def _read_scores(
    path: Path, columns: Mapping[str, str] | None, trials: TrialList | Path | None, *, lenient: bool
) -> tuple[Records, int]:
    """Return the scored trials, and how many trials of the list have no score."""
    if isinstance(trials, Path):
        trials = read_trial_list(trials)
    wanted = (*_TRIAL, "score") if trials is None else ("enrol", "test", "score")
    records = _usable(read_records(path, wanted, columns or {}), wanted)
    if not lenient:
        advice = ("Mend them, or leave them out with ", Parameter("skip_bad_lines"))
        refuse(path, records.bad, records.unit, *advice)
    _refuse_nothing(path, records)
    unscored = 0
    if trials is None:
        check_labels_agree(records.table, records.numbers, path, records.unit)
    else:
        records, unscored = label_from_list(records, trials.table, path, trials.path, lenient=lenient)
    kinds = records.table["is_target"].unique().to_list()
    if len(kinds) < 2:
        there, missing = ("target", "non-target") if kinds[0] else ("non-target", "target")
        raise InputError(f"{path}: holds {there} trials alone; error rates need {missing} trials too")
    return Records(
        records.table.select(*_TRIAL, "score"), records.numbers, records.bad, records.unit
    ), unscored


def _refuse_nothing(path: Path, records: Records) -> None:
    if records.table.height == 0:
        refuse(path, records.bad, records.unit, "No other line is left")
        raise InputError(f"{path}: holds no trials")


def _usable(records: Records, wanted: Sequence[str]) -> Records:
    """Give every column its type, and move the rows that do not allow it to the bad lines."""
    table = records.table
    typed = table.with_columns(_typed(table[name], name) for name in wanted)
    problems: dict[str, pl.Series] = {}
    if "is_target" in wanted:
        problems["is_target"] = typed["is_target"].is_null()
    problems["enrol"] = (typed["enrol"] == "") | (typed["test"] == "")
    if "score" in wanted:
        problems["score"] = ~typed["score"].is_finite()
    if not any(problem.any() for problem in problems.values()):
        return Records(typed, records.numbers, records.bad, records.unit)
    bad: list[BadLine] = list(records.bad)
    fine = pl.repeat(True, table.height, eager=True, dtype=pl.Boolean)
    for name, problem in problems.items():
        found = problem & fine
        bad.extend(
            (number, _reason(name, value))
            for number, value in zip(records.numbers.filter(found), table[name].filter(found), strict=True)
        )
        fine = fine & ~found
    return Records(typed.filter(fine), records.numbers.filter(fine), bad, records.unit)


def _typed(column: pl.Series, name: str) -> pl.Series:
    """Return utterances as text, "" where missing; labels as null and scores as NaN where they are none."""
    if name == "is_target":
        if column.dtype == pl.Boolean:
            return column
        text = column.cast(pl.Float64) if column.dtype.is_numeric() else column
        return (
            text.cast(pl.String, strict=False)
            .str.to_lowercase()
            .replace_strict(LABELS, default=None, return_dtype=pl.Boolean)
        )
    if name == "score":
        return column.cast(pl.Float64, strict=False).fill_null(float("nan"))
    return column.cast(pl.String, strict=False).fill_null("")


def _reason(name: str, value: object) -> str:
    text = "" if value is None else shown(value)
    if name == "is_target":
        return f"label '{text}' is none of 0, 1, target, nontarget"
    if name == "score":
        return f"score '{text}' is not a finite number"
    return "an utterance is missing"
