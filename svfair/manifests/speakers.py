"""Speaker metadata: one row a speaker, as corpora publish it."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown, shown_list
from svfair.manifests.speaker_files import read_speaker_records
from svfair.missing import UNKNOWN, is_missing
from svfair.tables.bad_lines import refuse
from svfair.tables.unicode import composed, two_spellings

#: Names by which publishers call the columns that svfair knows.
_NAMES = {
    "speaker_id": ("speaker_id", "speaker", "spk_id", "voxceleb1 id", "voxceleb2 id", "client_id", "id"),
    "gender": ("gender", "sex"),
    "country": ("country", "nationality"),
}

#: Genders by what publishers write, as `value_key` writes it. Common Voice's `male_masculine` is among them.
GENDERS = {
    **dict.fromkeys(("m", "male", "man", "masculine", "male masculine", "boy"), "male"),
    **dict.fromkeys(("f", "w", "female", "woman", "feminine", "female feminine", "girl"), "female"),
    **dict.fromkeys(
        ("other", "o", "transgender", "non binary", "nonbinary", "intersex", "diverse", "genderqueer"),
        "other",
    ),
}

#: Names of the United States, as `value_key` writes them.
US_NAMES = (
    *("us", "usa", "u s", "u s a", "us of a", "america"),
    *("united states", "united states of america"),
)

#: Names of the United Kingdom and of its countries, as `value_key` writes them.
UK_NAMES = (
    *("uk", "u k", "gb", "gbr", "united kingdom", "great britain", "britain"),
    *("england", "scotland", "wales", "northern ireland"),
    *("united kingdom of great britain and northern ireland", "great britain and northern ireland"),
)


def read_speakers(path: Path, *, normalise: bool = True, id_column: str | None = None) -> pl.DataFrame:
    """Read a table of speakers: VoxCeleb's own files as published, or any CSV, TSV or Parquet.

    LibriSpeech's `SPEAKERS.TXT`, Kaldi's `spk2gender`, NeMo's manifests, JSON lines and workbooks are read
    too. Text is brought into Unicode's composed form.

    Parameters
    ----------
    path
        The table.
    normalise
        Whether to make the values of `gender` uniform and add `country_region`; names of columns always are.
    id_column
        Name of the column of speaker ids, where it is none of the usual ones.

    Returns
    -------
    polars.DataFrame
        `speaker_id` and the other columns as text; `gender` as male, female, other or unknown; and, where
        there is a country, `country_region` as US, UK, other or unknown. One row a speaker.

    Raises
    ------
    InputError
        When the file cannot be read, has no column of speaker ids, or contradicts itself about a speaker.
    """
    records = read_speaker_records(path)
    table = _named(path, records.table.with_columns(pl.all().fill_null("")), id_column)
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
    spellings = two_spellings(table["speaker_id"])
    if spellings is not None:
        raise InputError(
            f"{path}: speakers {spellings[0]} and {spellings[1]} are one name in two forms of Unicode; "
            "keep one"
        )
    table = table.with_columns(composed(column) for column in table)
    if normalise:
        table = uniform_attributes(table)
    return one_row_a_speaker(path, table, records.numbers.filter(holds), records.unit)


def read_attributes(path: Path, *, id_column: str | None = None) -> pl.DataFrame:
    """Read a table of speakers as `read_speakers` does; refuse one that has nothing to group by."""
    try:
        speakers = read_speakers(path, id_column=id_column)
    except NoSpeakerColumnError as error:
        option = Parameter("speaker_id_column")
        example = ["For example: ", option, f" '{shown(error.columns[0])}'"]
        raise InputError(*error.parts, ", or give ", option, hints=[*error.hints, example]) from error
    if len(speakers.columns) < 2:
        raise InputError(f"{path}: has no attribute beside speaker_id, so there is nothing to group by")
    return speakers


class NoSpeakerColumnError(InputError):
    """A table has no column of speaker ids; `columns` are those that it has."""

    columns: Sequence[str] = ()


def _named(path: Path, table: pl.DataFrame, id_column: str | None) -> pl.DataFrame:
    """Give the columns that svfair knows their names."""
    by_lower = {column.lower(): column for column in reversed(table.columns)}
    if id_column is not None:
        own = by_lower.get(id_column.strip().lower())
        if own is None:
            raise InputError(
                Parameter("speaker_id_column"),
                f": {path} has no column '{shown(id_column)}'; found {shown_list(table.columns)}",
            )
        if own != "speaker_id" and "speaker_id" in table.columns:
            table = table.rename({"speaker_id": "other_speaker_id"})
        table = table.rename({own: "speaker_id"})
        by_lower = {column.lower(): column for column in reversed(table.columns)}
    for name, candidates in _NAMES.items():
        found = [by_lower[candidate] for candidate in candidates if candidate in by_lower]
        if found and name not in table.columns:
            table = table.rename({found[0]: name})
    if "speaker_id" not in table.columns:
        lines = [[f"    {shown('  '.join(row), 120)}"] for row in (table.columns, *table.head(2).iter_rows())]
        error = NoSpeakerColumnError(
            f"{path}: no column of speaker ids; found {shown_list(table.columns)}. Name it speaker_id",
            hints=[["The first lines are:"], *lines],
        )
        error.columns = table.columns
        raise error
    return table


def one_row_a_speaker(
    path: Path, table: pl.DataFrame, numbers: pl.Series | None = None, unit: str = "line"
) -> pl.DataFrame:
    """Drop repeated rows.

    Parameters
    ----------
    path
        The file, for messages.
    table
        With a column `speaker_id`.
    numbers, unit
        Lines of the rows, where they are known, and what they count.

    Raises
    ------
    InputError
        When a speaker has two rows that differ.
    """
    single = table.unique(maintain_order=True)
    twice = single.filter(pl.col("speaker_id").is_duplicated())
    if twice.height:
        speaker = twice["speaker_id"][0]
        where = ""
        if numbers is not None:
            own = table.with_columns(number=numbers).filter(pl.col("speaker_id") == speaker)
            first, other, *_ = own.unique(table.columns, keep="first", maintain_order=True)["number"]
            where = f" in {unit}s {first} and {other}"
        raise InputError(
            f"{path}: speaker '{shown(speaker)}' has two rows that differ{where}; keep the right one"
        )
    return single


def value_key(text: str) -> str:
    """Return a text as it is compared: lower case, no accents, no punctuation, no article, single blanks."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("&", " and "))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.sub(r"[\W_]+", " ", re.sub(r"[.'`\u2019]", "", plain)).split()
    return " ".join(word for word in words if word != "the")


def mapped(column: pl.Series, rule: Callable[[str], str]) -> pl.Series:
    """Apply a rule to the values of a column as text, once to each distinct one; null counts as empty."""
    text = column.cast(pl.String).fill_null("")
    values = text.unique().to_list()
    return text.replace_strict(values, [rule(value) for value in values], return_dtype=pl.String)


def with_gender(table: pl.DataFrame) -> pl.DataFrame:
    """Write the column `gender`, if there is one, as male, female, other or unknown."""
    if "gender" not in table.columns:
        return table
    return table.with_columns(
        gender=mapped(table["gender"], lambda text: GENDERS.get(value_key(text), UNKNOWN))
    )


def with_country_region(table: pl.DataFrame) -> pl.DataFrame:
    """Add `country_region` (US, UK, other, unknown), derived from `country`, if there is one.

    Names, ISO 3166 alpha-2 and alpha-3 codes give the same region.
    """
    if "country" not in table.columns:
        return table
    return table.with_columns(country_region=mapped(table["country"], _region))


def uniform_attributes(table: pl.DataFrame) -> pl.DataFrame:
    """Write `gender` in one spelling and add `country_region`, as far as the columns are there.

    This is what everything that groups speakers does first, so that m and Male are one group everywhere.
    """
    return with_country_region(with_gender(table))


def _region(country: str) -> str:
    if is_missing(country):
        return UNKNOWN
    key = value_key(country)
    if key in US_NAMES:
        return "US"
    return "UK" if key in UK_NAMES else "other"
