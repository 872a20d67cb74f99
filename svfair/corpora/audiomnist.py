"""AudioMNIST (Becker et al., 2018): spoken digits."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, by_pattern
from svfair.corpora.metadata import find_file
from svfair.errors import InputError, shown
from svfair.tables.reading import read_bytes

_PATTERN = r"(?:^|/)(?<speaker_id>\d\d)/(?<utterance_id>(?<digit>\d)_\d\d_\d+)\.(?:wav|flac)$"

# The publisher's names, and ours.
_FIELDS = {
    "gender": "gender",
    "age": "age",
    "accent": "accent",
    "native speaker": "native_speaker",
    "origin": "origin",
    "recordingroom": "recording_room",
    "recordingdate": "recording_date",
}


@dataclass(frozen=True)
class AudioMnist(Corpus):
    """AudioMNIST: 30,000 digits of 60 speakers, with gender, age, accent and where they come from."""

    name: ClassVar[str] = "audiomnist"
    title: ClassVar[str] = "AudioMNIST"
    layout: ClassVar[str] = "data/01/0_01_0.wav and data/audioMNIST_meta.txt"
    example: ClassVar[str] = "AudioMNIST prepared/audiomnist"

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as the files are named: `0_01_0`; a speaker was recorded in one sitting."""
        found = by_pattern(files, _PATTERN)
        return found.select("path", "utterance_id", "speaker_id", "digit", session_id="speaker_id")

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read the metadata; `country` is the second part of `Europe, Germany, Berlin`."""
        path = find_file(source, "audioMNIST_meta.txt")
        try:
            content = json.loads(read_bytes(path), object_pairs_hook=lambda pairs: _once(path, pairs))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: is not JSON ({error})") from error
        if not isinstance(content, dict) or not content:
            raise InputError(f"{path}: is not an object with one entry a speaker")
        rows = []
        for speaker, fields in content.items():
            if not isinstance(fields, dict):
                raise InputError(
                    f"{path}: speaker '{shown(speaker)}' is not an object with gender and origin"
                )
            known = {ours: str(fields.get(theirs, "")).strip() for theirs, ours in _FIELDS.items()}
            rows.append({"speaker_id": speaker} | known)
        country = pl.col("origin").str.split(",").list.get(1, null_on_oob=True).str.strip_chars()
        return pl.DataFrame(rows).with_columns(country=country.fill_null(""))


def _once(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its entries; JSON itself would take the last of two."""
    names = [name for name, _ in pairs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"{path}: has two entries '{shown(twice[0])}'; keep the right one")
    return dict(pairs)
