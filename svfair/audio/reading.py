"""Audio in: whole utterances, and crops that are read by seeking rather than by decoding the whole file."""

import io
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from svfair.audio.mpeg4 import decode_mpeg4, is_mpeg4
from svfair.audio.problems import AudioError, name_of, problems_named
from svfair.manifests.recording import Recording

Waveform = npt.NDArray[np.float32]

#: Files so named are not looked into before they are opened, which would cost a tenth of reading a crop.
_NEVER_MPEG4 = frozenset({".wav", ".flac"})


def read_audio(recording: Path | Recording, *, sample_rate: int = 16000) -> Waveform:
    """Read a file, or a member of a packed one, as mono float32 at `sample_rate`, shape (samples,).

    Whatever libsndfile reads (WAV, FLAC, MP3, Ogg Vorbis and Opus, ...) and MPEG-4, at any rate and with any
    number of channels, which are averaged.

    Raises
    ------
    AudioError
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
        A file, or a member of a packed one, in any format that `read_audio` takes.
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
    AudioError
        When the file is missing, corrupt or empty.
    """
    crop = _read(recording, position, seconds, sample_rate)
    length = round(seconds * sample_rate)
    if len(crop) == length - 1:  # by rounding, at another rate
        return np.pad(crop, (0, 1), mode="edge")
    return np.resize(crop, length)


def _read(
    recording: Path | Recording, position: float | None, seconds: float | None, sample_rate: int
) -> Waveform:
    recording = recording if isinstance(recording, Recording) else Recording(recording)
    name = name_of(recording)
    with problems_named(recording):
        source, in_mpeg4 = open_recording(recording, never_mpeg4=_NEVER_MPEG4)
        decode = decode_mpeg4 if in_mpeg4 else _decode
        mono, rate, expected = decode(source, position, seconds)
    if len(mono) == 0:
        raise AudioError(name, "holds no audio", kind="empty")
    if len(mono) < expected:
        reason = f"is cut off: it ends after {len(mono)} of {expected} samples"
        raise AudioError(name, reason, kind="cut off")
    return mono if rate == sample_rate else soxr.resample(mono, rate, sample_rate)


def open_recording(
    recording: Recording, *, never_mpeg4: Collection[str] = ()
) -> tuple[Path | io.BytesIO, bool]:
    """Return what to decode, and whether it is MPEG-4; a packed recording is small, and read whole.

    Files whose name has one of the suffixes `never_mpeg4` are not looked into.

    Raises
    ------
    AudioError
        When a packed file ends before the recording does.
    OSError
        When the file cannot be read.
    """
    if recording.size is None and recording.path.suffix in never_mpeg4:
        return recording.path, False
    with recording.path.open("rb", buffering=0) as file:
        if recording.size is None:
            return recording.path, is_mpeg4(file.read(8))
        file.seek(recording.offset)
        content = file.read(recording.size)
    if len(content) < recording.size:
        raise AudioError(name_of(recording), "is cut off: the packed file ends before it", kind="cut off")
    return io.BytesIO(content), is_mpeg4(content)


class _ReadOnce(soundfile.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A file that is read once and closed.

    After each read, soundfile seeks to where it stands already, if it may; FLAC is then searched once more.
    """

    def seekable(self) -> bool:
        return False


def _decode(
    source: Path | io.BytesIO, position: float | None, seconds: float | None
) -> tuple[Waveform, int, int]:
    with _ReadOnce(source) as file:
        expected = file.frames
        if position is not None and seconds is not None:
            expected = min(file.frames, round(seconds * file.samplerate))
            file.seek(round(position * (file.frames - expected)))
        samples = file.read(expected, dtype="float32", always_2d=True)
        mono: Waveform = samples[:, 0] if file.channels == 1 else samples.mean(axis=1)
        return mono, file.samplerate, expected
