"""Audio in: whole utterances, and crops that are read by seeking rather than by decoding the whole file."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from svfair.data.manifest import Recording
from svfair.errors import InputError

Waveform = npt.NDArray[np.float32]


def read_audio(recording: Path | Recording, *, sample_rate: int = 16000) -> Waveform:
    """Read a file as mono float32 at `sample_rate`, shape (samples,).

    Raises
    ------
    InputError
        When the file is missing, corrupt or empty.
    """
    return _read(recording, None, None, sample_rate)


def read_crop(
    recording: Path | Recording, position: float, seconds: float, *, sample_rate: int = 16000
) -> Waveform:
    """Read a crop of a file, decoding little more than the crop.

    Parameters
    ----------
    recording
        Any file that libsndfile can seek in.
    position
        Where the crop lies, in [0, 1]: 0 at the start of the file, 1 as late as it fits.
    seconds
        Length of the crop; a shorter file is repeated until it fills it.
    sample_rate
        Of the result, in Hz.

    Returns
    -------
    ndarray
        Mono float32, shape (round(seconds * sample_rate),).

    Raises
    ------
    InputError
        When the file is missing, corrupt or empty.
    """
    crop = _read(recording, position, seconds, sample_rate)
    return np.resize(crop, round(seconds * sample_rate))


def _read(
    recording: Path | Recording, position: float | None, seconds: float | None, sample_rate: int
) -> Waveform:
    path = recording.path if isinstance(recording, Recording) else recording
    try:
        with soundfile.SoundFile(path) as file:
            frames = -1
            if position is not None and seconds is not None:
                frames = min(file.frames, round(seconds * file.samplerate))
                file.seek(round(position * (file.frames - frames)))
            samples = file.read(frames, dtype="float32", always_2d=True)
            expected = file.frames if frames < 0 else frames
            rate = file.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise InputError(f"{path}: cannot be read as audio ({error}); replace the file or drop it") from error
    if len(samples) == 0:
        raise InputError(f"{path}: holds no audio; drop it from the manifest")
    if len(samples) < expected:
        raise InputError(f"{path}: ends after {len(samples)} of {expected} samples; the file is damaged")
    mono: Waveform = samples.mean(axis=1)
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate)
    return mono
