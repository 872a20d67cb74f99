"""Where in its file a row of a table says that an utterance is: its start, its stop and its channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.manifests.recording import CHANNEL, START
from svfair.tables.bad_lines import refuse
from svfair.tables.lines import Records

#: In what a start and a stop are counted; `auto` is samples where all are whole numbers, else seconds.
Unit = Literal["auto", "seconds", "milliseconds", "samples"]

#: Pairs of columns that are known by their names: SpeechBrain's and others'.
_PAIRS = (("start", "stop"), ("start", "end"), (START, "stop_s"), (START, "end_s"))

#: Columns that tell where in a file an utterance is, in seconds or in samples, and on which channel.
SEGMENT_COLUMNS = (START, "stop_s", "start_sample", "stop_sample", CHANNEL)


@dataclass(frozen=True)
class Columns:
    """Which columns of a table tell where in its file an utterance is.

    Parameters
    ----------
    start, stop, channel
        Their names, as far as there are such columns.
    unit
        Of start and stop.
    """

    start: str | None
    stop: str | None
    channel: str | None
    unit: Unit

    @property
    def names(self) -> list[str]:
        """Those that there are."""
        return [name for name in (self.start, self.stop, self.channel) if name is not None]


def find_columns(
    found: Sequence[str], start: str | None, stop: str | None, channel: str | None, unit: Unit
) -> Columns:
    """Return the columns that are named, or those that are known by their names."""
    if start is None and stop is None:
        start, stop = next((pair for pair in _PAIRS if set(pair) <= set(found)), (None, None))
        if start is None and START in found and "duration_s" in found:  # a manifest of ours
            start, stop = START, "duration_s"
    names = [name for name in (start, stop) if name is not None]
    if unit == "auto" and any(name.endswith("_s") for name in names):
        unit = "seconds"
    if unit == "auto" and any(name.endswith("_ms") for name in names):
        unit = "milliseconds"
    return Columns(start, stop, channel or (CHANNEL if CHANNEL in found else None), unit)


def read_segments(path: Path, records: Records, columns: Columns) -> list[pl.Series]:
    """Return start and stop (of `SEGMENT_COLUMNS`, by their unit) and channel of every row, null where empty.

    Raises
    ------
    InputError
        When one is no number, or a row's start is negative.
    """
    made = []
    numbers = [(name, _numbers(path, records, name)) for name in (columns.start, columns.stop) if name]
    in_samples = columns.unit == "samples" or (
        columns.unit == "auto"
        and all(records.table[name].str.contains(r"^[0-9]*$").all() for name, _ in numbers)
    )
    for name, values in numbers:
        is_start = name == columns.start
        kind = ("start" if is_start else "stop") + ("_sample" if in_samples else "_s")
        if not is_start and name == "duration_s":
            values = values + numbers[0][1]
        if columns.unit == "milliseconds":
            values = values / 1000
        if in_samples:
            _refuse(path, records, name, values != values.round(), "whole number of samples")
            values = values.cast(pl.Int64)
        made.append(values.alias(kind))
    if columns.channel:
        values = _numbers(path, records, columns.channel)
        _refuse(
            path, records, columns.channel, (values < 1) | (values != values.round()), "number of a channel"
        )
        made.append(values.cast(pl.Int64).alias(CHANNEL))
    return made


def _numbers(path: Path, records: Records, name: str) -> pl.Series:
    text = records.table[name]
    values = text.cast(pl.Float64, strict=False)
    is_bad = (text != "") & ~(values.is_finite() & (values >= 0)).fill_null(False)
    _refuse(path, records, name, is_bad, "number of at least 0")
    return values


def _refuse(path: Path, records: Records, name: str, is_bad: pl.Series, what: str) -> None:
    is_bad = is_bad.fill_null(False)
    rows = zip(records.numbers.filter(is_bad), records.table[name].filter(is_bad), strict=True)
    refuse(
        path,
        [(number, f"{name} '{shown(value)}' is no {what}") for number, value in rows],
        records.unit,
        "Mend them, or rename the column if it is an attribute",
    )


def check_unit(unit: str) -> None:
    """Check the name of a unit, which may come from Python.

    Raises
    ------
    InputError
        When it is none.
    """
    if unit not in get_args(Unit):
        raise InputError(
            Parameter("segment_unit"),
            f": must be auto, seconds, milliseconds or samples, not '{shown(unit)}'",
        )
