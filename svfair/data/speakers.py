"""Speaker metadata: one row a speaker, as corpora publish it."""

from pathlib import Path

import polars as pl

from svfair.data.rejected import refuse, shown, shown_list
from svfair.data.tables import read_table_records
from svfair.errors import InputError

#: Names by which publishers call the columns that svfair knows.
_NAMES = {
    "speaker_id": ("speaker_id", "speaker", "spk_id", "voxceleb1 id", "voxceleb2 id", "client_id", "id"),
    "gender": ("gender", "sex"),
    "country": ("country", "nationality"),
}

_GENDERS = {"m": "male", "male": "male", "man": "male", "f": "female", "female": "female", "woman": "female"}

_US = ("us", "usa", "u.s.", "u.s.a.", "united states", "united states of america", "america")
_UK = (
    *("uk", "u.k.", "gb", "gbr", "united kingdom", "great britain", "britain"),
    *("england", "scotland", "wales", "northern ireland"),
)

#: What stands for a value that nobody knows.
UNKNOWN = "unknown"

_MISSING = ("", "n/a", "na", "nan", "none", "null", "-", "?", UNKNOWN)


def read_speakers(path: Path, *, normalise: bool = True) -> pl.DataFrame:
    """Read a table of speakers: VoxCeleb's own files as published, or any CSV, TSV or Parquet.

    Parameters
    ----------
    path
        The table.
    normalise
        Whether to make the values of `gender` uniform and add `country_region`; names of columns always are.

    Returns
    -------
    polars.DataFrame
        `speaker_id` and the other columns as text; `gender` as male, female or unknown; and, where there is
        a country, `country_region` as US, UK, other or unknown. One row a speaker.

    Raises
    ------
    InputError
        When the file cannot be read, has no column of speaker ids, or contradicts itself about a speaker.
    """
    records = read_table_records(path)
    table = records.table.with_columns(pl.all().fill_null(""))
    by_lower = {column.lower(): column for column in reversed(table.columns)}
    for name, candidates in _NAMES.items():
        found = [by_lower[candidate] for candidate in candidates if candidate in by_lower]
        if found and name not in table.columns:
            table = table.rename({found[0]: name})
    if "speaker_id" not in table.columns:
        raise InputError(
            f"{path}: no column of speaker ids; found {shown_list(table.columns)}. Name it speaker_id"
        )
    # Spreadsheets leave rows of delimiters alone below a table: they hold nothing.
    holds = table.select(pl.any_horizontal(pl.all() != "")).to_series()
    if not holds.any():
        raise InputError(f"{path}: holds no speakers")
    nameless = records.numbers.filter(holds & (table["speaker_id"] == ""))
    refuse(
        path,
        [(number, "speaker_id is empty") for number in nameless],
        records.unit,
        "Mend them or take them out",
    )
    table = table.filter(holds)
    if normalise:
        table = with_country_region(with_gender(table))
    table = table.unique(maintain_order=True)
    twice = table.filter(pl.col("speaker_id").is_duplicated())
    if twice.height:
        raise InputError(
            f"{path}: speaker '{shown(twice['speaker_id'][0])}' has two rows that differ; keep the right one"
        )
    return table


def with_gender(table: pl.DataFrame) -> pl.DataFrame:
    """Write the column `gender`, if there is one, as male, female or unknown."""
    if "gender" not in table.columns:
        return table
    lower = pl.col("gender").cast(pl.String).str.strip_chars().str.to_lowercase()
    return table.with_columns(gender=lower.replace_strict(_GENDERS, default=UNKNOWN))


def with_country_region(table: pl.DataFrame) -> pl.DataFrame:
    """Add `country_region` (US, UK, other, unknown), derived from `country`, if there is one."""
    if "country" not in table.columns:
        return table
    lower = pl.col("country").cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    region = (
        pl.when(lower.is_in(_US))
        .then(pl.lit("US"))
        .when(lower.is_in(_UK))
        .then(pl.lit("UK"))
        .when(lower.is_in(_MISSING))
        .then(pl.lit(UNKNOWN))
        .otherwise(pl.lit("other"))
    )
    return table.with_columns(country_region=region)
