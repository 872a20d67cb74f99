"""Utterances that are parts of files: where they begin and how long they are, and which do not fit."""

import polars as pl

from svfair.audio.parts import BEYOND_END_S
from svfair.corpora.preparation.rejections import Rejections
from svfair.corpora.preparation.segment_columns import SEGMENT_COLUMNS
from svfair.manifests.recording import CHANNEL, START

#: Seconds of an utterance and of its file: columns beside attributes of any name.
LENGTH, _FILE_S = "length in s", "file in s"

#: What two parts may have in common and still count as one after the other, in seconds: times are rounded.
_COMMON_S = 0.001


def with_segments(rows: pl.DataFrame, shortest_s: float, rejections: Rejections) -> pl.DataFrame:
    """Return the rows with `start_s` (null for a whole file) and `LENGTH`; reject parts that are none.

    Shorter rows than `shortest_s` are rejected too.

    Parameters
    ----------
    rows
        `utterance_id`, `frames` and `sample_rate` of the file, and any of `SEGMENT_COLUMNS`.
    rejections
        Take the others.
    """
    seconds = pl.col("frames") / pl.col("sample_rate")
    times = {name: _time(rows, name) for name in ("start", "stop")}
    is_whole = times["start"].is_null() & times["stop"].is_null()
    rows = rows.with_columns(
        seconds.alias(_FILE_S),
        start_s=pl.when(~is_whole).then(times["start"].fill_null(0.0)),
        stop_s=pl.when(~is_whole).then(times["stop"].fill_null(seconds)),
    )
    start, stop, file = pl.col(START), pl.col("stop_s"), pl.col(_FILE_S)
    place = pl.format("the part from {} to {} s ('{}')", start.round(3), stop.round(3), "utterance_id")
    rows = rejections.take(
        rows, (stop <= start).fill_null(False), "bad segment", pl.format("{} ends before it begins", place)
    )
    outside = (start >= file) | (stop > file + BEYOND_END_S)
    reason = pl.format("{} is not in the file, which lasts {} s", place, file.round(3))
    rows = rejections.take(rows, outside.fill_null(False), "bad segment", reason)
    length = pl.when(start.is_null()).then(file).otherwise(pl.min_horizontal(stop, file) - start)
    dropped = [name for name in SEGMENT_COLUMNS if name in rows.columns and name not in (START, CHANNEL)]
    taken = " (start and stop are taken for samples)" if _in_samples(rows) else ""
    rows = rows.with_columns(length.alias(LENGTH)).drop(*dropped, _FILE_S)
    short = pl.format("too short: {} s{}", pl.col(LENGTH).round(3), pl.lit(taken))
    return rejections.take(rows, pl.col(LENGTH) < shortest_s, "too short", short)


def _in_samples(rows: pl.DataFrame) -> bool:
    return not {"start_sample", "stop_sample"}.isdisjoint(rows.columns)


def _column(rows: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in rows.columns else pl.lit(None, pl.Int64)


def notes_of_segments(rows: pl.DataFrame) -> list[str]:
    """Return a note where start and stop are counted in samples: how long utterances then are."""
    if not _in_samples(rows):
        return []
    seconds = rows.select(
        (_column(rows, "stop_sample") - _column(rows, "start_sample")) / pl.col("sample_rate")
    ).to_series()
    median = seconds.median()
    length = f", and half of the utterances last {median:.2f} s or more" if isinstance(median, float) else ""
    return [f"start and stop are taken for samples{length}"]


def _time(rows: pl.DataFrame, which: str) -> pl.Expr:
    given = [pl.col(f"{which}_s")] if f"{which}_s" in rows.columns else []
    if f"{which}_sample" in rows.columns:
        given.append(pl.col(f"{which}_sample") / pl.col("sample_rate"))
    return pl.coalesce(given) if given else pl.lit(None, pl.Float64)


def without_overlaps(rows: pl.DataFrame, rejections: Rejections) -> pl.DataFrame:
    """Reject the utterances that have audio in common with an earlier one of their file and channel.

    Parameters
    ----------
    rows
        `path`, `original` (the file with the same content, if there is one), `utterance_id`, `start_s`,
        `LENGTH` and perhaps `audio_channel`.
    rejections
        Take the others.
    """
    start = pl.col(START).fill_null(0.0)
    file = pl.struct(pl.coalesce("original", "path"), *([CHANNEL] if CHANNEL in rows.columns else ()))
    parts = rows.select(
        "utterance_id",
        file=file.rank("dense"),
        start=start,
        stop=start + pl.col(LENGTH),
    ).sort("file", "start", "stop", "utterance_id")
    late = pl.col("stop").cum_max().over("file").shift(1).over("file")
    suspect = parts.filter(pl.col("start") < late - _COMMON_S)["file"].unique()
    found: dict[str, str] = {}
    for group in parts.filter(pl.col("file").is_in(suspect.implode())).partition_by("file"):
        kept = ("", 0.0, 0.0)
        for name, begin, end in group.select("utterance_id", "start", "stop").iter_rows():
            if kept[0] and begin < kept[2] - _COMMON_S:
                found[name] = (
                    f"'{name}' ({begin:.3f} to {end:.3f} s) has audio in common with '{kept[0]}' "
                    f"({kept[1]:.3f} to {kept[2]:.3f} s)"
                )
            else:
                kept = (name, begin, end)
    if not found:
        return rows
    reasons = pl.DataFrame({"utterance_id": list(found), "why": list(found.values())})
    rows = rows.join(reasons, "utterance_id", "left", maintain_order="left")
    return rejections.take(rows, pl.col("why").is_not_null(), "overlapping", pl.col("why")).drop("why")
