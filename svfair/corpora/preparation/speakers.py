"""From what is published of speakers to one row a speaker, uniform, with what was found odd said."""

from collections.abc import Sequence

import polars as pl

from svfair.errors import InputError, shown
from svfair.manifests.attributes import normalise_attributes
from svfair.manifests.manifest import PERSONAL
from svfair.missing import UNKNOWN

_REQUIRED = ("path", "utterance_id", "speaker_id", "session_id", "size", "modified_ns")


def describe_speakers(
    utterances: pl.DataFrame, published: pl.DataFrame
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return one row for each speaker who has a recording.

    Attributes come from the published table, and from those columns of the utterances that do not change
    within speakers. Values are made uniform, the original kept in `*_original`; missing is `unknown`.

    Parameters
    ----------
    utterances
        With `speaker_id` and attributes of recordings.
    published
        `speaker_id` and attributes, one row a speaker.

    Returns
    -------
    speakers
        Sorted by `speaker_id`.
    notes
        Sentences about speakers on one side alone, and values that could not be made uniform.

    Raises
    ------
    InputError
        When a speaker has two values of `gender` or `country`, or two rows.
    """
    own = [n for n in utterances.columns if n not in _REQUIRED and n not in published.columns]
    values = utterances.select("speaker_id", *own).fill_null("").group_by("speaker_id").n_unique()
    constant = [name for name in own if not (values[name] > 1).any()]
    for name in PERSONAL:
        if name in own and name not in constant:
            speaker = values.filter(pl.col(name) > 1)["speaker_id"].sort()[0]
            raise InputError(f"{name}: speaker '{shown(speaker)}' has two values; a speaker has one")
    twice = published.filter(pl.col("speaker_id").is_duplicated())
    if twice.height:
        raise InputError(f"speaker '{shown(twice['speaker_id'][0])}' has two rows in the metadata; keep one")
    known = utterances.select("speaker_id", *constant).unique("speaker_id", keep="first").sort("speaker_id")
    joined = known.join(published, "speaker_id", "left", maintain_order="left")
    normalised = normalise_attributes(joined)
    notes = list(normalised.notes)
    if published.height:
        notes += _one_sided(known["speaker_id"], published["speaker_id"])
    return normalised.table, tuple(notes)


def attributes_of_utterances(utterances: pl.DataFrame, speakers: pl.DataFrame) -> pl.DataFrame:
    """Join the speakers' attributes to their utterances, without the originals; missing is `unknown`."""
    personal = [name for name in speakers.columns if not name.endswith("_original")]
    kept = [name for name in utterances.columns if name not in personal or name == "speaker_id"]
    joined = utterances.select(kept).join(
        speakers.select(personal), "speaker_id", "left", maintain_order="left"
    )
    own = [name for name in joined.columns if name not in _REQUIRED and joined.schema[name] == pl.String]
    return joined.with_columns(
        pl.when(pl.col(name).fill_null("") == "").then(pl.lit(UNKNOWN)).otherwise(name).alias(name)
        for name in own
    )


def _one_sided(with_recordings: pl.Series, described: pl.Series) -> list[str]:
    notes = []
    without = with_recordings.filter(~with_recordings.is_in(described.to_list()))
    if len(without):
        notes.append(
            f"{_count(without)} recordings but no row in the metadata, such as '{shown(without.min())}': "
            f"attributes are {UNKNOWN}"
        )
    silent = described.filter(~described.is_in(with_recordings.to_list()))
    if len(silent):
        notes.append(
            f"{_count(silent)} a row in the metadata but no recording, such as '{shown(silent.min())}'"
        )
    return notes


def _count(speakers: Sequence[str] | pl.Series) -> str:
    return "1 speaker has" if len(speakers) == 1 else f"{len(speakers):,} speakers have"
