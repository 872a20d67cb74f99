"""The recordings of one synthetic speaker. Runs in a process of its own: see `Espeak.speak`."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from svfair.audio.channels import apply_channel, draw_channel
from svfair.corpora.corpus import SAMPLE_RATE
from svfair.corpora.synthetic.espeak import Espeak, write_voices
from svfair.corpora.synthetic.voices import draw_sentence, draw_variant
from svfair.errors import InputError


@dataclass(frozen=True)
class SyntheticSpeaker:
    """Who is to be recorded: all draws follow from `seed` and `number`."""

    speaker_id: str
    number: int
    gender: str
    country: str
    accent: str
    sessions: int
    utterances: int
    seed: int


def record(speaker: SyntheticSpeaker, folder: Path) -> str:
    """Write `folder / speaker_id / SS-UU.flac` for every session and utterance, whole or not at all.

    Returns
    -------
    str
        The speaker's id.

    Raises
    ------
    InputError
        When nothing can be written, such as on a full disk.
    """
    try:
        return _record(speaker, folder)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{folder / speaker.speaker_id}: cannot be recorded ({reason})") from error


def _record(speaker: SyntheticSpeaker, folder: Path) -> str:
    random = np.random.default_rng([speaker.seed, speaker.number])
    variant = draw_variant("speaker", speaker.gender, random)
    words_per_minute = int(random.integers(150, 191))
    unfinished = folder / f"{speaker.speaker_id}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as voices:
        write_voices(Path(voices), {"speaker": variant})
        espeak = Espeak(Path(voices))
        for session in range(speaker.sessions):
            channel = draw_channel(random)
            for utterance in range(speaker.utterances):
                speech = espeak.speak(
                    draw_sentence(random),
                    accent=speaker.accent,
                    variant="speaker",
                    words_per_minute=words_per_minute,
                    seed=int(random.integers(1, 2**31)),
                )
                speech = soxr.resample(speech, espeak.sample_rate, SAMPLE_RATE)
                recording = apply_channel(speech, channel, random, SAMPLE_RATE)
                path = unfinished / f"{session:02d}-{utterance:02d}.flac"
                soundfile.write(path, recording, SAMPLE_RATE, subtype="PCM_16")
    unfinished.rename(folder / speaker.speaker_id)
    return speaker.speaker_id
