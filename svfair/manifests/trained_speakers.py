"""The speakers that an extractor was trained on, as its files carry them: hashes, which tell no names."""

import base64
import binascii
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import polars as pl

from svfair.errors import InputError
from svfair.tables.facts import read_facts

#: Key in the metadata of embeddings and scores in Parquet.
TRAINED_SPEAKERS = "svfair.trained_speakers"

#: Bytes of a hash: among a million speakers, two share one with a chance of 1 to 37 million.
_BYTES = 8


@dataclass(frozen=True)
class TrainedSpeakers:
    """Speakers that an extractor was trained on.

    Parameters
    ----------
    hashes
        BLAKE2b of 8 bytes of each speaker id, in UTF-8 and Unicode's composed form.
    """

    hashes: frozenset[bytes]

    @staticmethod
    def of(speaker_ids: Iterable[str]) -> "TrainedSpeakers":
        """Return the speakers with these ids."""
        return TrainedSpeakers(frozenset(map(_hash, set(speaker_ids))))

    @staticmethod
    def from_text(text: str) -> "TrainedSpeakers":
        """Read what `to_text` wrote; raise ValueError for anything else."""
        try:
            joined = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("its trained speakers are no base64") from error
        if len(joined) % _BYTES:
            raise ValueError("its trained speakers are cut off")
        starts = range(0, len(joined), _BYTES)
        return TrainedSpeakers(frozenset(joined[start : start + _BYTES] for start in starts))

    def to_text(self) -> str:
        """Return the sorted hashes, joined and in base64."""
        return base64.b64encode(b"".join(sorted(self.hashes))).decode("ascii")

    def facts(self) -> dict[str, str]:
        """Return the metadata that a file in Parquet carries."""
        return {TRAINED_SPEAKERS: self.to_text()}

    def among(self, speakers: pl.Series) -> pl.Series:
        """Mark the speakers that were trained on; one that is not known is not marked."""
        ids = speakers.drop_nulls().unique().to_list()
        return speakers.is_in([speaker for speaker in ids if _hash(speaker) in self.hashes])


def read_trained_speakers(path: Path) -> TrainedSpeakers | None:
    """Return the speakers that the extractor behind embeddings or scores was trained on.

    Returns
    -------
    TrainedSpeakers or None
        None when the file does not tell: it is not svfair's, of an earlier version, or not Parquet.

    Raises
    ------
    InputError
        When the file's metadata are damaged.
    """
    text = read_facts(path).get(TRAINED_SPEAKERS)
    if text is None:
        return None
    try:
        return TrainedSpeakers.from_text(text)
    except ValueError as error:
        raise InputError(f"{path}: its metadata are damaged ({error}); write it anew") from error


def _hash(speaker_id: str) -> bytes:
    return blake2b(unicodedata.normalize("NFC", speaker_id).encode(), digest_size=_BYTES).digest()
