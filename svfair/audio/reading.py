"""Audio in: whole utterances, and crops that are read by seeking rather than by decoding the whole file."""

import io
import stat
import tarfile
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from svfair.audio.lengths import SoundFile, frames_of, frames_there
from svfair.audio.mpeg4 import decode_mpeg4, is_mpeg4
from svfair.audio.parts import mono_of, part_of
from svfair.audio.problems import AudioError, DamagedError, name_of, problems_named
from svfair.audio.samples import check_samples
from svfair.manifests.recording import Recording

Waveform = npt.NDArray[np.float32]

#: Files so named are not looked into before they are opened, which would cost a tenth of reading a crop.
_NEVER_MPEG4 = frozenset({".wav", ".flac"})

#: An MP3 frame takes bytes from frames before it, from a dozen where frames are small, and is silent without
#: them: this many samples are decoded before a crop, and dropped.
_MP3_LEAD = 16 * 576

#: Values that are decoded at a time.
_BLOCK = 1 << 22


def read_audio(recording: Path | Recording, *, sample_rate: int = 16000) -> Waveform:
    """Read a file, or a member of a packed one, as mono float32 at `sample_rate`, shape (samples,).

    Whatever libsndfile reads (WAV, FLAC, MP3, Ogg Vorbis and Opus, ...) and MPEG-4, at any rate and with any
    number of channels, which are averaged unless the recording names one.

    Raises
    ------
    AudioError
        When the file is missing, corrupt or empty, or holds samples that are not numbers.
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
        When the file is missing, corrupt or empty, or the crop holds samples that are not numbers.
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
        try:
            decode = decode_mpeg4 if in_mpeg4 else _decode
            mono, rate, expected = decode(source, position, seconds, recording)
        except soundfile.LibsndfileError:
            if in_mpeg4 or not open_recording(recording)[1]:
                raise
            mono, rate, expected = decode_mpeg4(source, position, seconds, recording)
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
        When a packed file ends before the recording does, or has no member there.
    DamagedError
        When it is a folder, a pipe or a device: opening one may wait for ever.
    OSError
        When the file cannot be read.
    """
    if not stat.S_ISREG(recording.path.stat().st_mode):
        raise DamagedError("cannot be read as audio (it is a folder, a pipe or a device)")
    if recording.size is None and recording.path.suffix in never_mpeg4:
        return recording.path, False
    with recording.path.open("rb", buffering=0) as file:
        if recording.size is None:
            return recording.path, is_mpeg4(file.read(8))
        file.seek(recording.offset)
        content = file.read(recording.size)
        if len(content) < recording.size:
            raise AudioError(name_of(recording), "is cut off: the packed file ends before it", kind="cut off")
        _check_member(file, recording)
    return io.BytesIO(content), is_mpeg4(content)


def _check_member(file: io.FileIO, recording: Recording) -> None:
    """Refuse a place in a tar archive that is no member of it: it may be half of one, or of two."""
    if recording.path.suffix != ".tar":
        return
    file.seek(max(0, recording.offset - tarfile.BLOCKSIZE))
    try:
        member = tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "replace")
        is_there = recording.offset >= tarfile.BLOCKSIZE and member.size == recording.size
    except tarfile.HeaderError:
        is_there = False
    if not is_there:
        raise AudioError(name_of(recording), "is no member of the archive")


def _decode(
    source: Path | io.BytesIO, position: float | None, seconds: float | None, recording: Recording
) -> tuple[Waveform, int, int]:
    seek = seconds is not None or recording.start_s is not None
    with SoundFile(source) as file:
        total, rate = frames_of(file, source), file.samplerate
        first, length = part_of(recording, total, rate)
        expected = length if seconds is None else min(length, round(seconds * rate))
        start = first + round((position or 0.0) * (length - expected))
        try:
            mono = _read_from(file, start, expected, recording.channel, seek=seek)
        except soundfile.LibsndfileError:
            if start == 0:
                raise
            mono = np.empty(0, np.float32)  # a crop that may begin behind the end
    if len(mono) < expected:
        first, length = part_of(recording, frames_there(source, total), rate)
        expected = min(expected, length)
        if seek:  # the crop lies as late as it fits into what is there
            start = min(start, first + length - expected)
            with SoundFile(source) as file:
                mono = _read_from(file, start, expected, recording.channel)
    check_samples(mono, rate, start)
    return mono, rate, expected


def _read_from(
    file: SoundFile, start: int, frames: int, channel: int | None, *, seek: bool = True
) -> Waveform:
    """Read in blocks: a header may state more than there is memory for."""
    if seek:
        lead = min(start, _MP3_LEAD) if file.format == "MP3" else 0
        file.seek(start - lead)
        file.read(lead, dtype="float32")
    blocks: list[Waveform] = []
    most = max(1, _BLOCK // file.channels)
    while frames > 0:
        wanted = min(frames, most)
        samples = file.read(wanted, dtype="float32", always_2d=True)
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused by name
            blocks.append(mono_of(samples, channel))
        frames -= wanted
        if len(samples) < wanted:
            break
    return blocks[0] if len(blocks) == 1 else np.concatenate([np.empty(0, np.float32), *blocks])
