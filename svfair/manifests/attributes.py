"""Attributes of speakers in one spelling, whatever corpus they come from."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import polars as pl

from svfair.errors import InputError, shown, shown_list
from svfair.manifests.countries import COUNTRY_CODES
from svfair.manifests.speakers import GENDERS, mapped, value_key, with_country_region
from svfair.missing import UNKNOWN, is_missing

#: Bands of age, as Common Voice writes them (`fourties` is its spelling).
AGE_BANDS = (
    *("teens", "twenties", "thirties", "forties", "fourties", "fifties"),
    *("sixties", "seventies", "eighties", "nineties"),
)

_OLDEST = 120

#: Ways to decline an answer: they are understood, and tell nothing.
_UNSAID = ("do not wish to say", "prefer not to say", "undisclosed", "not specified", "not known")

_MOST_NOTES = 20


@dataclass(frozen=True)
class Normalised:
    """Speakers whose attributes are in one spelling.

    Parameters
    ----------
    table
        One row a speaker, in the order given.
    notes
        Values that no rule knows, an attribute at a time and the most frequent first, such as
        `country: 'Yugoslavia' is no ISO 3166 country (2 speakers); kept as written`.
    """

    table: pl.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Attribute:
    rule: Callable[[str], str | None]
    complaint: str
    keeps: bool

    def value(self, text: str) -> str:
        """Return the normalised value of a text."""
        if is_missing(text):
            return UNKNOWN
        value = self.rule(text)
        if value is None:
            return text if self.keeps else UNKNOWN
        return value

    def note(self, name: str, text: str, speakers: int) -> str:
        """Return what a user reads about a value that no rule knows."""
        what = "kept as written" if self.keeps else f"written as {UNKNOWN}"
        return f"{name}: '{shown(text.strip())}' is {self.complaint} ({_speakers(speakers)}); {what}"


def gender_of(text: str) -> str | None:
    """Return male, female, other or unknown; None for a text that says none of them."""
    key = value_key(text)
    return UNKNOWN if key in _UNSAID else GENDERS.get(key)


def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of a country's name or code, or None where there is none.

    Names are compared whole, never by likeness: a near miss would put a speaker into the wrong country.
    The countries of the United Kingdom are GBR. Kosovo has no code in ISO 3166-1; it is XKX, out of the range
    that the standard leaves to its users and as the World Bank writes it. States that fell apart, such as
    Yugoslavia, and occupied or disputed territory named no further, have no code.
    """
    return _codes().get(value_key(text))


def age_of(text: str) -> str | None:
    """Return a whole number from 1 to 120 or a band of Common Voice as text, None for anything else."""
    plain = text.strip().lower()
    if plain in AGE_BANDS:
        return plain
    found = re.fullmatch(r"0*([0-9]{1,3})(\.0*)?", plain)
    if found and 1 <= int(found[1]) <= _OLDEST:
        return str(int(found[1]))
    return None


_ATTRIBUTES = {
    "gender": _Attribute(gender_of, "no gender that svfair knows", keeps=False),
    "country": _Attribute(country_code, "no ISO 3166 country", keeps=True),
    "age": _Attribute(age_of, f"no age from 1 to {_OLDEST} and no band such as twenties", keeps=False),
}


def normalise_attributes(speakers: pl.DataFrame) -> Normalised:
    """Write gender, country and age of speakers in one spelling, and keep what was written.

    Parameters
    ----------
    speakers
        One row a speaker: `speaker_id` and text columns, any of `gender`, `country` and `age` among them.

    Returns
    -------
    Normalised
        `gender` as male, female, other or unknown; `country` as an ISO 3166-1 alpha-3 code, or as written
        where it has none; `age` as a whole number from 1 to 120 or a band such as twenties, else unknown.
        Beside each, `<name>_original` holds the text as it was, null where there was none; one that the
        table holds already is kept, so that normalising twice changes nothing. Where there is a country,
        `country_region` is US, UK, other or unknown. Empty cells of other text columns are unknown.
        `NA` as a country is missing, not Namibia: tables write it for the former far more often.

    Raises
    ------
    InputError
        When there is no column `speaker_id`, or it is empty in a row or the same in two.
    """
    _check(speakers)
    table = speakers
    notes: list[str] = []
    for name, attribute in _ATTRIBUTES.items():
        if name not in table.columns:
            continue
        written = table[name].cast(pl.String)
        notes += _notes(name, attribute, written)
        original = f"{name}_original"
        if original not in table.columns:
            kept = pl.when(written.str.strip_chars() != "").then(written)
            table = table.with_columns(kept.alias(original))
        table = table.with_columns(mapped(written, attribute.value).alias(name))
    table = with_country_region(table)
    known = {"speaker_id", *_ATTRIBUTES, *(f"{name}_original" for name in _ATTRIBUTES)}
    others = [name for name in table.columns if name not in known and table.schema[name] == pl.String]
    filled = [
        pl.when(pl.col(name).str.strip_chars() != "").then(name).otherwise(pl.lit(UNKNOWN)).alias(name)
        for name in others
    ]
    return Normalised(table.with_columns(filled), tuple(notes))


def _check(speakers: pl.DataFrame) -> None:
    if "speaker_id" not in speakers.columns:
        raise InputError(f"speakers: no column speaker_id; found {shown_list(speakers.columns)}")
    identifiers = speakers["speaker_id"].cast(pl.String).fill_null("")
    nameless = len(identifiers.filter(identifiers.str.strip_chars() == ""))
    if nameless:
        raise InputError(f"speakers: speaker_id is empty for {_speakers(nameless)}; name them")
    twice = identifiers.filter(identifiers.is_duplicated())
    if len(twice):
        raise InputError(f"speakers: '{shown(twice[0])}' has two rows; give one row a speaker")


def _notes(name: str, attribute: _Attribute, written: pl.Series) -> list[str]:
    counts = written.drop_nulls().rename("text").value_counts(name="speakers")
    unknown = [
        (text, speakers)
        for text, speakers in counts.iter_rows()
        if not is_missing(text) and attribute.rule(text) is None
    ]
    # Order by frequency, then by text: the notes of a table do not depend on the order of its rows.
    unknown.sort(key=lambda pair: (-pair[1], pair[0]))
    notes = [attribute.note(name, text, speakers) for text, speakers in unknown[:_MOST_NOTES]]
    rest = unknown[_MOST_NOTES:]
    if rest:
        notes.append(f"{name}: {len(rest):,} more such values ({_speakers(sum(n for _, n in rest))})")
    return notes


def _speakers(count: int) -> str:
    return f"{count:,} speaker{'' if count == 1 else 's'}"


@cache
def _codes() -> dict[str, str]:
    """Return codes by names and codes of countries, as `value_key` writes them."""
    import pycountry  # here, because an audit does without it

    codes: dict[str, str] = {}
    for country in pycountry.countries:
        fields = (country.alpha_2, country.alpha_3, country.name)
        more = (getattr(country, "official_name", ""), getattr(country, "common_name", ""))
        for text in filter(None, (*fields, *more)):
            # ISO sorts by the telling word: `Korea, Republic of` is also Republic of Korea.
            head, _, tail = text.partition(", ")
            for spelling in (text, f"{tail} {head}"):
                codes[value_key(spelling)] = country.alpha_3
    return codes | COUNTRY_CODES
