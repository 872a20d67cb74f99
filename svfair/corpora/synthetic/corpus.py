"""A corpus of many synthetic speakers whose gender and country are known."""

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import soundfile
from rich.console import Console

from svfair.corpora.preparation.parallel import run_jobs
from svfair.corpora.preparation.resume import open_folder
from svfair.corpora.synthetic.espeak import require_espeak
from svfair.corpora.synthetic.speaker import SyntheticSpeaker, record
from svfair.corpora.synthetic.voices import ACCENTS
from svfair.errors import InputError, Parameter
from svfair.manifests.ratios import apportion
from svfair.tables.writing import write_table

_AUDIO = "audio"

#: A year of work for one core.
_MOST_UTTERANCES = 10_000_000


@dataclass(frozen=True)
class SyntheticCorpus:
    """What a corpus holds; equal values give equal recordings, byte for byte.

    Parameters
    ----------
    speakers
        Number of speakers.
    sessions, utterances
        Sessions of each speaker, and utterances in a session. A session is a channel of its own.
    female_share
        Share of female speakers, met to the nearest speaker.
    countries
        Weight of each country; see `svfair.corpora.synthetic.voices.ACCENTS`.
    balanced
        Equal numbers in each gender and country instead: what a test set should have.
    seed
        Of all draws; part of the speakers' ids, so that corpora of different seeds share no speaker.

    Raises
    ------
    InputError
        When a value is out of bounds; it is named.
    """

    speakers: int = 240
    sessions: int = 4
    utterances: int = 5
    female_share: float = 0.28
    countries: Mapping[str, float] = field(default_factory=lambda: {"USA": 0.7, "UK": 0.2, "Jamaica": 0.1})
    balanced: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("speakers", "sessions", "utterances"):
            if getattr(self, name) < 1:
                raise InputError(Parameter(name), f": must be at least 1, not {getattr(self, name)}")
        if self.speakers * self.sessions * self.utterances > _MOST_UTTERANCES:
            raise InputError(
                Parameter("speakers"),
                f": {self.speakers} of {self.sessions} sessions with {self.utterances} utterances are more "
                f"than {_MOST_UTTERANCES:,} utterances",
            )
        if not 0 <= self.female_share <= 1:
            raise InputError(Parameter("female_share"), f": must be between 0 and 1, not {self.female_share}")
        unknown = [country for country in self.countries if country not in ACCENTS]
        if unknown:
            raise InputError(Parameter("countries"), f": '{unknown[0]}' is none of {', '.join(ACCENTS)}")
        weights = self.countries.values()
        if not all(weight >= 0 for weight in weights) or not 0 < sum(weights) < np.inf:  # NaN compares false
            raise InputError(
                Parameter("countries"), ": weights must be finite numbers of at least 0, and one above 0"
            )

    def draw_speakers(self) -> list[SyntheticSpeaker]:
        """Return every speaker, with gender, country and accent."""
        random = np.random.default_rng([self.seed])
        if self.balanced:
            wanted = [country for country, weight in self.countries.items() if weight > 0]
            cells = list(product(("female", "male"), wanted))
            drawn = [cells[number % len(cells)] for number in range(self.speakers)]
        else:
            genders = _shares({"female": self.female_share, "male": 1 - self.female_share}, self.speakers)
            countries = _shares(self.countries, self.speakers)
            drawn = list(zip(random.permutation(genders), random.permutation(countries), strict=True))
        return [
            SyntheticSpeaker(
                speaker_id=f"synth{self.seed}-{number:04d}",
                number=number,
                gender=str(gender),
                country=str(country),
                accent=str(random.choice(ACCENTS[str(country)])),
                sessions=self.sessions,
                utterances=self.utterances,
                seed=self.seed,
            )
            for number, (gender, country) in enumerate(drawn)
        ]


def make_corpus(
    corpus: SyntheticCorpus, out: Path, *, workers: int = 2, console: Console | None = None
) -> Path:
    """Record a corpus: FLAC files at 16 kHz, `manifest.csv`, `speakers.csv` and `corpus.json`.

    An interrupted corpus goes on where it stopped; speakers that are complete are kept.

    Parameters
    ----------
    corpus
        What to record.
    out
        Folder to fill.
    workers
        Processes.
    console
        Where to show progress; standard error by default.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    InputError
        When espeakng-loader is not installed, or `out` holds something else.
    """
    require_espeak()
    open_folder(out, asdict(corpus))
    manifest = out / "manifest.csv"
    if manifest.is_file():
        return manifest
    speakers = corpus.draw_speakers()
    missing = [speaker for speaker in speakers if not (out / _AUDIO / speaker.speaker_id).is_dir()]
    # A process a speaker: what espeak-ng speaks depends on what its process spoke before.
    run_jobs(
        functools.partial(record, folder=out / _AUDIO),
        missing,
        title="Recording speakers",
        workers=workers,
        finished=len(speakers) - len(missing),
        fresh_process=True,
        console=console,
    )
    table = _table(speakers, out)
    attributes = table.select("speaker_id", "gender", "country", "accent").unique("speaker_id")
    write_table(attributes.sort("speaker_id"), out / "speakers.csv")
    write_table(table, manifest)
    return manifest


def _table(speakers: list[SyntheticSpeaker], out: Path) -> pl.DataFrame:
    rows = []
    for speaker in speakers:
        for session, utterance in product(range(speaker.sessions), range(speaker.utterances)):
            path = f"{_AUDIO}/{speaker.speaker_id}/{session:02d}-{utterance:02d}.flac"
            rows.append(
                {
                    "utterance_id": f"{speaker.speaker_id}-{session:02d}-{utterance:02d}",
                    "path": path,
                    "speaker_id": speaker.speaker_id,
                    "session_id": f"{speaker.speaker_id}-{session:02d}",
                    "duration_s": round(soundfile.info(out / path).duration, 3),
                    "gender": speaker.gender,
                    "country": speaker.country,
                    "accent": speaker.accent,
                }
            )
    return pl.DataFrame(rows)


def _shares(weights: Mapping[str, float], count: int) -> list[str]:
    """Return `count` names in proportion to their weights."""
    numbers = apportion(count, list(weights.values()))
    return [name for name, number in zip(weights, numbers, strict=True) for _ in range(number)]
