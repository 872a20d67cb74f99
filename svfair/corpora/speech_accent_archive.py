"""The Speech Accent Archive (Weinberger, George Mason University): one paragraph, many accents of English.

Everybody is recorded once. To have trials all the same, each recording is cut: different sentences from its
two halves, and every cut through a random channel and codec of its own, so that the recording itself does
not tell who speaks. A figure from it is about voices within a day and a room, and has to say so.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from svfair.corpora.corpus import SAMPLE_RATE, Corpus, Piece, by_pattern, option
from svfair.corpora.metadata import find_file, require_columns
from svfair.manifests.speakers import one_row_a_speaker
from svfair.tables.reading import read_table

if TYPE_CHECKING:
    from svfair.audio import Waveform

_SHORTEST_S, _CUT_FROM_S, _CUT_UNTIL_S = 2.0, 3.0, 5.0
_FRAME_S = 0.01
_COLUMNS = ("filename", "sex", "country", "native_language", "age", "birthplace")
_PATTERN = r"^(?<folder>(?:.*/)?recordings)/(?<filename>[^/]+)\.[^./]+$"


@dataclass(frozen=True)
class SpeechAccentArchive(Corpus):
    """The Speech Accent Archive: one paragraph of each speaker, with gender, country, language and age.

    Parameters
    ----------
    cut_utterances
        Whether to cut recordings into utterances. As they are, there are no two of a speaker to compare.
    seed
        Of channels and codecs.
    """

    name: ClassVar[str] = "speech-accent-archive"
    title: ClassVar[str] = "the Speech Accent Archive"
    layout: ClassVar[str] = "recordings/ and speakers_all.csv; one recording a speaker"
    example: ClassVar[str] = "SOURCE archive `cut_utterances`"
    remark: ClassVar[str] = (
        "With `cut_utterances` there are trials: utterances of the two halves count as two sessions, each "
        "through a random channel and codec. Figures from it say nothing of different days."
    )

    cut_utterances: bool = option(
        False, "Cut recordings into utterances; the two halves are two sessions.", name="cut"
    )
    seed: int = option(0, "With `cut_utterances`: of channels and codecs.", min=0)

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name recordings as the table's column `filename` does.

        To be cut, a recording carries its number in the table: it seeds channel and codec, so that a piece
        sounds the same whatever other recordings are there.
        """
        table = _read_speakers(source)
        found = by_pattern(files, _PATTERN).unique("filename", keep="last", maintain_order=True)
        missing = pl.format("recordings/{}.mp3", "speaker_id")
        rows = table.join(
            found, left_on="speaker_id", right_on="filename", how="left", maintain_order="left"
        ).select(
            "speaker_id",
            "recording_number",
            utterance_id="speaker_id",
            session_id="speaker_id",
            path=pl.coalesce("path", missing),
        )
        return rows if self.cut_utterances else rows.drop("recording_number")

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read `speakers_all.csv`; `english` tells native speakers from others."""
        return _read_speakers(source).drop("recording_number")

    @property
    def cuts(self) -> bool:
        """Whether recordings are cut."""
        return self.cut_utterances

    def cut(self, recording: dict[str, str], waveform: "Waveform") -> list[Piece]:
        """Cut both halves, each piece through a channel and codec of its own; whole or not at all."""
        from svfair.audio.channels import apply_channel, draw_channel
        from svfair.audio.codecs import CODECS, pass_codec

        if not self.cut_utterances:
            return super().cut(recording, waveform)
        halves = [find_cuts(waveform, half) for half in (0, 1)]
        if not all(halves):
            return []
        random = np.random.default_rng([self.seed, int(recording["recording_number"])])
        pieces = []
        for half, cuts in enumerate(halves):
            for number, (start, end) in enumerate(cuts):
                piece = apply_channel(waveform[start:end], draw_channel(random), random, SAMPLE_RATE)
                piece = pass_codec(piece, str(random.choice(CODECS)), SAMPLE_RATE)
                pieces.append(Piece(f"{half}-{number:02d}", str(half), piece))
        return pieces


def find_cuts(waveform: npt.NDArray[np.float32], half: int) -> list[tuple[int, int]]:
    """Cut a half of a recording at its quietest moments into pieces of three to five seconds.

    Parameters
    ----------
    waveform
        Shape (samples,), at 16 kHz.
    half
        0 or 1. The halves meet at the quietest moment of the middle fifth.

    Returns
    -------
    list of (int, int)
        Start and end of each piece, in samples; none shorter than two seconds.
    """
    frame = round(_FRAME_S * SAMPLE_RATE)
    frames = len(waveform) // frame
    if not frames:
        return []
    power = np.mean(waveform[: frames * frame].reshape(frames, frame).astype(np.float64) ** 2, axis=1)
    # A pause lasts; a stop consonant does not: smooth over a fifth of a second.
    power = np.convolve(power, np.ones(20) / 20, mode="same")
    speech = np.flatnonzero(power > power.max() * 1e-3)
    if not len(speech):
        return []
    first, last = int(speech[0]), int(speech[-1]) + 1
    fifth = (last - first) // 5
    middle = first + 2 * fifth + int(np.argmin(power[first + 2 * fifth : first + 3 * fifth + 1]))
    start, end = (first, middle) if half == 0 else (middle, last)
    shortest, soonest, latest = (round(s / _FRAME_S) for s in (_SHORTEST_S, _CUT_FROM_S, _CUT_UNTIL_S))
    cuts = []
    while end - start >= shortest:
        stop = end
        if end - start > latest:
            stop = start + soonest + int(np.argmin(power[start + soonest : start + latest]))
        cuts.append((start * frame, stop * frame))
        start = stop
    return cuts


def _read_speakers(source: Path) -> pl.DataFrame:
    """Return the speakers in the table's order, with `recording_number` from 0."""
    file = find_file(source, "speakers_all.csv")
    table = read_table(file)
    require_columns(file, table.columns, _COLUMNS)
    one_row_a_speaker(
        file, table.filter(pl.col("filename") != "").select(_COLUMNS).rename({"filename": "speaker_id"})
    )
    # One row repeats in copies that go round; the recordings were always numbered without it.
    table = table.unique("filename", keep="first", maintain_order=True).with_row_index("recording_number")
    native = pl.when(pl.col("native_language") == "english").then(pl.lit("native"))
    return table.filter(pl.col("filename") != "").select(
        pl.col("recording_number").cast(pl.String),
        pl.col("filename").alias("speaker_id"),
        pl.col("sex").alias("gender"),
        *(name for name in (*_COLUMNS[2:], "age_onset") if name in table.columns),
        english=native.otherwise(pl.lit("non-native")),
    )
