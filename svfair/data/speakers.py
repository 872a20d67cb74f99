"""Speaker metadata: one row a speaker, as corpora publish it."""

from pathlib import Path

import polars as pl

from svfair.data.tables import read_table
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


def read_speakers(path: Path) -> pl.DataFrame:
    """Read a table of speakers: VoxCeleb's own files as published, or any CSV, TSV or Parquet.

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
    table = read_table(path)
    renames = {}
    for name, candidates in _NAMES.items():
        found = [column for column in table.columns if column.lower() in candidates]
        if found and name not in table.columns:
            renames[found[0]] = name
    table = table.rename(renames)
    if "speaker_id" not in table.columns:
        raise InputError(
            f"{path}: no column of speaker ids; found {', '.join(table.columns)}. Name it speaker_id"
        )
    table = with_country_region(with_gender(table.filter(pl.col("speaker_id") != ""))).unique(
        maintain_order=True
    )
    twice = table.filter(pl.col("speaker_id").is_duplicated())
    if twice.height:
        raise InputError(
            f"{path}: speaker '{twice['speaker_id'][0]}' has two rows that differ; keep the right one"
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
