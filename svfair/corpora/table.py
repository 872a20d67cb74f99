"""Any corpus that a table lists, or whose paths tell who speaks."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl

from svfair.corpora.corpus import Corpus, no_speakers, option
from svfair.corpora.metadata import require_columns
from svfair.corpora.preparation.segment_columns import (
    SEGMENT_COLUMNS,
    check_unit,
    find_columns,
    read_segments,
)
from svfair.errors import InputError, Parameter, shown
from svfair.manifests.speakers import read_speakers
from svfair.tables.bad_lines import refuse
from svfair.tables.lines import Records
from svfair.tables.reading import first_line, read_table_records

_GROUP = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")

#: Columns of a manifest that are measured or made, and so are not taken from a table.
_MADE = (
    *("path", "utterance_id", "speaker_id", "session_id"),
    *("duration_s", "frames", "sample_rate", "byte_offset", "byte_size"),
)


#: Columns of a manifest that a pattern may tell.
_GROUPS = ("speaker_id", "session_id", "utterance_id")


@dataclass(frozen=True)
class Table(Corpus):
    """A corpus by its table of recordings, or by a pattern over paths.

    Parameters
    ----------
    table
        CSV, TSV or Parquet, one row a recording; looked for here, then in SOURCE. Columns that are not named
        below become attributes of the recording.
    pattern
        Instead: a regular expression (Rust's) sought in paths. The group `speaker_id` is required;
        `session_id` and `utterance_id` are known, others become attributes of the recording.
    speakers_file
        Table of speakers; `speakers.csv` in SOURCE, if it is there, when none is named.
    path_column
        Paths relative to SOURCE, or absolute ones below it.
    speaker_column
        Who speaks.
    session_column
        Session; `session_id` when there is such a column, else the speaker's id stands for it.
    utterance_column
        Name of the utterance; `utterance_id` when there is such a column, else the path without its ending
        (and, of a part of a file, with its start and stop).
    start_column, stop_column
        Where in its file the utterance begins and ends, when a file has several; columns called `start` and
        `stop` (SpeechBrain's) or `end`, and the same with `_s`, are known. An empty start is the start of
        the file, an empty stop its end.
    segment_unit
        In what both are counted: `auto` is samples where all are whole numbers, as in SpeechBrain's tables,
        else seconds; names that end in `_s` are seconds, in `_ms` milliseconds.
    channel_column
        Channel of the file, from 1, that the utterance is on; empty is the mean of all.
    """

    name: ClassVar[str] = "table"
    title: ClassVar[str] = "any other corpus"
    layout: ClassVar[str] = "a table with a row a recording, or a pattern over paths"
    example: ClassVar[str] = r"digits out `pattern` '(?P<speaker_id>\w+)/'"
    remark: ClassVar[str] = "Further columns (or groups) become attributes."

    table: str | None = option(None, "CSV, TSV or Parquet with a row a recording.")
    pattern: str | None = option(
        None,
        "Instead of a table: regular expression over paths; its named groups are the columns, such as "
        r"'(?P<speaker_id>\w+)_(?P<take>\d+).wav'.",
    )
    speakers_file: str | None = option(
        None, "Table with a row a speaker.", name="speakers", shown="SOURCE/speakers.csv, if there"
    )
    path_column: str = option("path", "Paths relative to SOURCE.")
    speaker_column: str = option("speaker_id", "Who speaks.")
    session_column: str | None = option(None, "Default: one session a speaker.")
    utterance_column: str | None = option(None, "Default: the path without its ending.")
    start_column: str | None = option(
        None, "Where in its file an utterance begins.", shown="start, if there", later=True
    )
    stop_column: str | None = option(None, "Where it ends.", shown="stop or end, if there", later=True)
    segment_unit: Literal["auto", "seconds", "milliseconds", "samples"] = option(
        "auto", "Of start and stop; auto: samples if all are whole numbers, else seconds.", later=True
    )
    channel_column: str | None = option(
        None, "Channel that an utterance is on, 1 for the first.", shown="audio_channel, if there", later=True
    )

    def __post_init__(self) -> None:
        if (self.table is None) == (self.pattern is None):
            raise InputError(
                "name either ",
                Parameter("table"),
                ", which lists the recordings, or ",
                Parameter("pattern"),
                ", which tells the speaker from a path, such as ",
                r"'(?<speaker_id>[^/]+)/[^/]+\.wav$'",
            )
        if self.pattern is not None:
            _check_pattern(self.pattern)
            for name in ("start_column", "stop_column", "channel_column"):
                if getattr(self, name) is not None:
                    raise InputError(Parameter(name), " goes with ", Parameter("table"))
        check_unit(self.segment_unit)

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Read the table, or match the paths."""
        rows = self._from_table(source, files) if self.pattern is None else _match(files, self.pattern)
        stem = pl.col("path").str.replace(r"\.[^./]+$", "")
        parts = [pl.col(name).cast(pl.String) for name in SEGMENT_COLUMNS if name in rows.columns]
        stem = pl.concat_str(stem, *parts, separator="-", ignore_nulls=True)
        for column, default in (("session_id", pl.col("speaker_id")), ("utterance_id", stem)):
            if column not in rows.columns:
                rows = rows.with_columns(default.alias(column))
        first = ["path", "utterance_id", "speaker_id", "session_id"]
        return rows.select(*first, pl.exclude(first))

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read the table of speakers, if there is one."""
        if self.speakers_file is not None:
            path = _given(source, self.speakers_file, "speakers_file")
        elif (source / "speakers.csv").is_file():
            path = source / "speakers.csv"
        else:
            return no_speakers()
        return read_speakers(path, normalise=False)

    def _from_table(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        path = _given(source, str(self.table), "table")
        records = read_table_records(path)
        records = Records(records.table.fill_null(""), records.numbers, records.bad, records.unit)
        found = records.table.columns
        wanted = {"path": self.path_column, "speaker_id": self.speaker_column}
        for name, column in (("session_id", self.session_column), ("utterance_id", self.utterance_column)):
            if column is not None or name in found:
                wanted[name] = column or name
        places = find_columns(
            found, self.start_column, self.stop_column, self.channel_column, self.segment_unit
        )
        require_columns(path, found, (*wanted.values(), *places.names))
        attributes = [name for name in found if name not in {*wanted.values(), *places.names, *_MADE}]
        stray = [name for name in attributes if name in SEGMENT_COLUMNS]
        if stray:
            message = (
                f"{path}: column '{stray[0]}' tells where in a file an utterance is, but not alone; name "
            )
            raise InputError(message, Parameter("start_column"), " and ", Parameter("stop_column"))
        rows = records.table.select(
            *(pl.col(column).alias(name) for name, column in wanted.items()), *attributes
        ).with_columns(path=_relative(source))
        rows = rows.with_columns(path=_with_slashes(rows["path"], files["path"]))
        rows = rows.with_columns(read_segments(path, records, places))
        unit = records.unit
        for column in wanted.values():
            empty = records.numbers.filter(records.table[column] == "")
            refuse(path, [(n, f"{column} is empty") for n in empty], unit, "Mend them or take them out")
        leaves = rows["path"].str.contains(r"^[/\\]|^[A-Za-z]:[/\\]|(?:^|[/\\])\.\.(?:[/\\]|$)")
        outside = zip(
            records.numbers.filter(leaves), records.table[self.path_column].filter(leaves), strict=True
        )
        refuse(
            path,
            [(n, f"{self.path_column} '{shown(value)}' is not below {source}") for n, value in outside],
            unit,
            "Name the folder that holds all recordings as SOURCE",
        )
        return rows


def _relative(source: Path) -> pl.Expr:
    """Return the paths without SOURCE in front, however it is written, and without `./`."""
    path = pl.col("path")
    for start in dict.fromkeys([str(source), str(source.absolute()), str(source.resolve())]):
        if start.startswith("/"):
            path = path.str.strip_prefix(start.rstrip("/") + "/")
    return path.str.replace(r"^(?:\./+)+", "")


def _with_slashes(paths: pl.Series, there: pl.Series) -> pl.Series:
    """Return the paths, those that Windows wrote with `/`, unless a file is called as they are."""
    text = pl.col(paths.name)
    written_by_windows = text.str.contains("\\", literal=True) & ~text.is_in(there.implode())
    slashes = text.str.replace_all("\\", "/", literal=True).str.replace(r"^(?:\./+)+", "")
    return paths.to_frame().select(pl.when(written_by_windows).then(slashes).otherwise(text)).to_series()


def _given(source: Path, name: str, parameter: str) -> Path:
    for path in (Path(name), source / name):
        if path.is_dir():
            raise InputError(Parameter(parameter), f" {name}: is a folder; name the table in it")
        if path.exists():
            return path
    raise InputError(Parameter(parameter), f" {name}: no such file, neither here nor in {source}")


def _check_pattern(pattern: str) -> None:
    names = _GROUP.findall(pattern)
    if "speaker_id" not in names:
        raise InputError(Parameter("pattern"), f" {shown(pattern)}: has no group (?<speaker_id>...)")
    for name in (*_MADE, *SEGMENT_COLUMNS):
        if name in names and name not in _GROUPS:
            raise InputError(
                Parameter("pattern"), f" {shown(pattern)}: a group cannot be called {name}; rename it"
            )
    try:
        pl.Series([""]).str.extract(pattern, 0)
    except pl.exceptions.PolarsError as error:
        raise InputError(
            Parameter("pattern"), f" {shown(pattern)}: is no regular expression ({first_line(error)})"
        ) from error


def _match(files: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Return the files in which the pattern finds a speaker; a group that found nothing is empty."""
    names = list(dict.fromkeys(_GROUP.findall(pattern)))
    found = files.select("path", found=pl.col("path").str.extract_groups(pattern)).unnest("found")
    rows = found.select("path", *names).filter(pl.col("speaker_id").fill_null("") != "")
    rows = rows.with_columns(pl.col(names).fill_null(""))
    if "session_id" in names:
        session = pl.when(pl.col("session_id") == "").then("speaker_id").otherwise("session_id")
        rows = rows.with_columns(session_id=session)
    return rows
