"""The rows of a manifest as a file has them: numbers read, and every row checked."""

from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.manifests.recording import BYTE_OFFSET, BYTE_SIZE, CHANNEL, PLACES, START
from svfair.tables.bad_lines import others_like_it
from svfair.tables.lines import Records
from svfair.tables.unicode import composed, two_spellings

REQUIRED = ("utterance_id", "path", "speaker_id", "session_id", "duration_s")

_IDS = ("utterance_id", "speaker_id", "session_id")

#: Letters that would break a line of a list, or a terminal.
CONTROL = r"[\p{Cc}\p{Zl}\p{Zp}]"

_PLACES = {
    START: (0.0, "a number of seconds of at least 0"),
    CHANNEL: (1.0, "the number of a channel, 1 for the first"),
    BYTE_OFFSET: (0.0, "a whole number of bytes of at least 0"),
    BYTE_SIZE: (1.0, "a whole number of bytes above 0"),
}


def read_rows(records: Records, file: Path) -> pl.DataFrame:
    """Return the rows of a manifest with numbers as numbers, names composed and empty attributes null.

    Raises
    ------
    InputError
        Naming the first bad row and the field, and how many more there are.
    """
    places = [name for name in PLACES if name in records.table.columns]
    if (BYTE_OFFSET in places) != (BYTE_SIZE in places):
        missing = BYTE_SIZE if BYTE_OFFSET in places else BYTE_OFFSET
        raise InputError(
            f"{file}: no column '{missing}'; a packed recording has {BYTE_OFFSET} and {BYTE_SIZE}"
        )
    for name in ("utterance_id", "speaker_id"):
        spellings = two_spellings(records.table[name])
        if spellings is not None:
            raise InputError(
                f"{file}: {name}: {spellings[0]} and {spellings[1]} are one name in two forms of Unicode; "
                "write it in one"
            )
    table = records.table.with_columns(composed(column) for column in records.table if column.name != "path")
    table = table.with_columns(
        pl.col("duration_s").cast(pl.Float64, strict=False), pl.exclude(*REQUIRED).replace("", None)
    )
    written = table.select(pl.col(name).alias(f"written {name}") for name in places)
    table = table.with_columns(pl.col(places).cast(pl.Float64, strict=False))
    _check(table.hstack(written).with_columns(records.numbers.alias("line")), places, file, records.unit)
    return table.with_columns(pl.col(name).cast(pl.Int64) for name in places if name != START)


def _check(table: pl.DataFrame, places: list[str], file: Path, unit: str) -> None:
    parts = pl.col("path").str.replace_all("\\", "/", literal=True).str.split("/")
    problems = {
        **{f"{name}: is empty": pl.col(name).fill_null("").str.strip_chars() == "" for name in _IDS},
        **{
            f"{name}: '{{{name}}}' holds a line end or another control character": pl.col(name).str.contains(
                CONTROL
            )
            for name in (*_IDS, "path")
        },
        "utterance_id: '{utterance_id}' stands here for the second time, first in {first}": ~pl.col(
            "utterance_id"
        ).is_first_distinct(),
        "path: is empty": pl.col("path").fill_null("").str.strip_chars() == "",
        "path: '{path}' leaves the audio root; write it relative to that folder": (
            pl.col("path").str.contains(r"^(/|\\|[A-Za-z]:)") | parts.list.contains("..")
        ),
        "duration_s: is not a number of seconds above 0": ~(
            pl.col("duration_s").is_finite() & (pl.col("duration_s") > 0)
        ).fill_null(False),
        **{_is_no(name): _is_bad(name) for name in places},
    }
    if BYTE_SIZE in places:
        lacking = pl.col(BYTE_OFFSET).is_null() != pl.col(BYTE_SIZE).is_null()
        problems[f"{BYTE_OFFSET} and {BYTE_SIZE}: one is given without the other"] = lacking
    for message, is_bad in problems.items():
        bad = table.filter(is_bad)
        if bad.height:
            row = bad.row(0, named=True)
            same = table.filter(pl.col("utterance_id") == row["utterance_id"])["line"]
            words = {key: shown(value, 200) for key, value in row.items()}
            words["first"] = f"{unit} {same[0]}" if len(same) else ""
            raise InputError(
                f"{file}: {unit} {row['line']}: {message.format(**words)}{others_like_it(bad.height, 'rows')}"
            )


def _is_no(name: str) -> str:
    return f"{name}: '{{written {name}}}' is not {_PLACES[name][1]}"


def _is_bad(name: str) -> pl.Expr:
    value = pl.col(name)
    is_good = value.is_finite() & (value >= _PLACES[name][0])
    if name != START:
        is_good &= value == value.round()
    return pl.col(f"written {name}").is_not_null() & ~is_good.fill_null(False)
