"""The group that each speaker of a manifest table belongs to."""

from collections.abc import Sequence

import polars as pl

from svfair.errors import InputError, Parameter, shown_list
from svfair.manifests.speakers import with_gender
from svfair.missing import MISSING
from svfair.tables.frames import check_columns


def check_has(table: pl.DataFrame, names: Sequence[str], parameter: str) -> None:
    """Check that a table has the attributes that a parameter names.

    Raises
    ------
    InputError
        Naming the first that it lacks.
    """
    table = check_columns(table, (), "table")
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputError(
            Parameter(parameter),
            f": no attribute '{missing[0]}'; the manifest has {shown_list(table.columns)}",
        )


def groups_of_speakers(table: pl.DataFrame, names: Sequence[str], parameter: str) -> pl.DataFrame:
    """Return one row a speaker, sorted: `speaker_id` and its attributes, null where nobody knows.

    Parameters
    ----------
    table
        Manifest table.
    names
        Attributes of the speaker.
    parameter
        What names them, for messages.

    Raises
    ------
    InputError
        When an attribute is not there, or differs between utterances of one speaker.
    """
    check_has(table, names, parameter)
    names = list(dict.fromkeys(names))
    known = with_known_values(table.select("speaker_id", *names).unique(), names).unique().sort("speaker_id")
    twice = known.filter(pl.col("speaker_id").is_duplicated())
    for name in names if twice.height else ():
        counts = twice.group_by("speaker_id").agg(pl.col(name).n_unique()).sort("speaker_id")
        differing = counts.filter(pl.col(name) > 1)
        if differing.height:
            raise InputError(
                Parameter(parameter),
                f": '{name}' differs within speaker '{differing['speaker_id'][0]}'; "
                "give an attribute that a speaker has one value of",
            )
    return known


def groups_of_utterances(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return `utterance_id` and `group`, the value of one attribute, null where nobody knows."""
    return with_known_values(table.select("utterance_id", name), [name]).rename({name: "group"})


def with_known_values(table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Write attributes as text, genders in one spelling, and null where nobody knows."""
    # A manifest's genders are uniform already; those of a table that a caller made himself need not be.
    table = with_gender(table)
    text = table.with_columns(pl.col(names).cast(pl.String).str.strip_chars())
    return text.with_columns(
        pl.when(~pl.col(name).str.to_lowercase().is_in(MISSING)).then(pl.col(name)).alias(name)
        for name in names
    )
