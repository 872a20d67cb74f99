"""Trial lists and scores, in the formats that the field uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.tables.bad_lines import BadLine, Rejected, others_like_it, refuse, rejected
from svfair.tables.facts import write_parquet
from svfair.tables.lines import Records
from svfair.tables.unicode import composed, two_spellings
from svfair.tables.writing import table_written
from svfair.trials.formats import read_records
from svfair.trials.label_words import check_label_words, read_labels
from svfair.trials.labels import check_labels_agree, label_from_list

_TRIAL = ("enrol", "test", "is_target")
_SPEAKERS = ("enrol_speaker", "test_speaker")


def read_trials(
    path: Path, *, columns: Mapping[str, str] | None = None, target_label: str | None = None
) -> pl.DataFrame:
    """Read a trial list.

    Parameters
    ----------
    path
        `1 enrol test` (VoxCeleb), `enrol test target|nontarget` (Kaldi), or a table with a header: CSV, TSV,
        semicolons, vertical bars, blanks, JSON lines, a workbook or Parquet; text may be gzip. A file of
        scores will do too.
    columns
        Names of the columns in a file with header, keyed by `enrol`, `test`, `is_target`.
    target_label
        The word for a target trial, in a file that has two words of its own.

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
    records = _usable(read_records(path, _TRIAL, columns or {}, target_label), _TRIAL, path, target_label)
    refuse(path, records.bad, records.unit, "Mend them or take them out")
    _refuse_nothing(path, records)
    check_labels_agree(records.table, records.numbers, path, records.unit)
    return records.table


@dataclass(frozen=True)
class TrialList:
    """A trial list that labels are taken from: `enrol`, `test`, `is_target`, and the file they are from."""

    path: Path
    table: pl.DataFrame


def read_trial_list(path: Path, *, target_label: str | None = None) -> TrialList:
    """Read a trial list as `read_trials` does, for the labels of one or more score files."""
    return TrialList(path, _composed(read_trials(path, target_label=target_label), path))


def read_scores(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    trials: TrialList | Path | None = None,
    target_label: str | None = None,
    speakers: bool = False,
) -> pl.DataFrame:
    """Read scored trials, in any format that the field's tools write.

    Parameters
    ----------
    path
        The formats of `read_trials` with a score behind the label, or in a column of its own; WeSpeaker's
        `enrol test score label`; or, with `trials`, `enrol test score`. Score and label may stand in any
        other place that can be told, such as VoxSRC's `score enrol test`.
    columns
        Names of the columns in a file with header, keyed by `enrol`, `test`, `is_target`, `score`; also by
        `enrol_speaker` and `test_speaker`, which are returned then.
    trials
        A trial list (or its file) that the labels are taken from, by the pair of utterances. Labels in
        `path`, if there are any, are not looked at. Each score needs its trial in the list, and each trial
        its score.
    target_label
        The word for a target trial, in a file that has two words of its own.
    speakers
        Whether columns called `enrol_speaker` and `test_speaker`, as svfair writes them, are returned too
        where the file has both.

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
    records, _ = _read_scores(path, columns, trials, target_label, speakers, lenient=False)
    return records.table


def read_scores_leniently(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    trials: TrialList | Path | None = None,
    target_label: str | None = None,
    speakers: bool = False,
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
    records, unscored = _read_scores(path, columns, trials, target_label, speakers, lenient=True)
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
    r"""Return the speaker of each utterance from its path.

    Parameters
    ----------
    utterances
        Utterance ids or paths.
    pattern
        Regular expression whose first group is the speaker; by default the first folder
        (`id10001/VIDEO/00001.wav`, or Windows' `id10001\VIDEO\00001.wav`).

    Raises
    ------
    InputError
        When the pattern is no regular expression with a group, or does not match an utterance.
    """
    if pattern is None:
        first = utterances.str.split_exact("/", 1).struct.field("field_0")
        # Where nothing is parted by /, Windows' separators may part it.
        whole = first == utterances
        return first.str.replace(r"\\.*$", "").zip_with(whole, first) if whole.any() else first
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
    path: Path,
    columns: Mapping[str, str] | None,
    trials: TrialList | Path | None,
    target_label: str | None,
    speakers: bool,
    *,
    lenient: bool,
) -> tuple[Records, int]:
    """Return the scored trials, and how many trials of the list have no score."""
    if isinstance(trials, Path):
        trials = read_trial_list(trials, target_label=target_label)
    named = [name for name in _SPEAKERS if (columns or {}).get(name)]
    wanted = [*(_TRIAL if trials is None else ("enrol", "test")), "score", *named]
    optional = _SPEAKERS if speakers and not named else ()
    found = read_records(path, wanted, columns or {}, target_label, optional)
    wanted += [name for name in optional if name in found.table.columns]
    records = _usable(found, wanted, path, target_label)
    records = replace(records, table=_composed(records.table, path))
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
        records.table.select(*_TRIAL, "score", *(name for name in _SPEAKERS if name in wanted)),
        records.numbers,
        records.bad,
        records.unit,
    ), unscored


def _composed(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Bring names into Unicode's composed form; refuse two utterances that become one."""
    names = [name for name in ("enrol", "test", *_SPEAKERS) if name in table.columns]
    spellings = two_spellings(table["enrol"], table["test"])
    if spellings is not None:
        raise InputError(
            f"{path}: utterances {spellings[0]} and {spellings[1]} are one name in two forms of Unicode; "
            "keep one"
        )
    return table.with_columns(composed(table[name]) for name in names)


def _refuse_nothing(path: Path, records: Records) -> None:
    if records.table.height == 0:
        refuse(path, records.bad, records.unit, "No other line is left")
        raise InputError(f"{path}: holds no trials")


def _usable(records: Records, wanted: Sequence[str], path: Path, target_label: str | None = None) -> Records:
    """Give every column its type, and move the rows that do not allow it to the bad lines."""
    table = records.table
    if "is_target" in wanted:
        check_label_words(table["is_target"], path, target_label)
    typed = table.with_columns(_typed(table[name], name, target_label) for name in wanted)
    problems: dict[str, pl.Series] = {}
    if "is_target" in wanted:
        problems["is_target"] = typed["is_target"].is_null()
    problems["enrol"] = (typed["enrol"] == "") | (typed["test"] == "")
    for name in _SPEAKERS:
        if name in wanted:
            problems[name] = typed[name] == ""
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


def _typed(column: pl.Series, name: str, target_label: str | None) -> pl.Series:
    """Return utterances as text, "" where missing; labels as null and scores as NaN where they are none."""
    if name == "is_target":
        return read_labels(column, target_label)
    if name == "score":
        return column.cast(pl.Float64, strict=False).fill_null(float("nan"))
    return column.cast(pl.String, strict=False).fill_null("")


def _reason(name: str, value: object) -> str:
    text = "" if value is None else shown(value)
    if name == "is_target":
        return f"label '{text}' is none of 0, 1, target, nontarget"
    if name == "score":
        return f"score '{text}' is not a finite number"
    return "a speaker is missing" if name in _SPEAKERS else "an utterance is missing"
