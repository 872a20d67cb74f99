"""How long a recording is: what its header says, and whether its end is there.

The rest is not decoded, unless it is floating-point numbers, which need not be sound.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path

from svfair.audio.lengths import SHORTFALL_S, SoundFile, check_not_cut, frames_of, frames_there
from svfair.audio.mp3 import check_guessed_length
from svfair.audio.mpeg4 import decode_mpeg4, open_mpeg4
from svfair.audio.parts import check_channel, part_of
from svfair.audio.problems import AudioError, name_of, problems_named
from svfair.audio.reading import open_recording
from svfair.audio.samples import check_samples
from svfair.manifests.recording import Recording

#: Whole numbers and codecs are always sound. These may be anything, so they are read to their end.
_FLOATS = ("FLOAT", "DOUBLE")

#: Samples that are read at a time.
_BLOCK = 1 << 20


@dataclass(frozen=True)
class AudioHeader:
    """What a file says of itself.

    Parameters
    ----------
    frames
        Samples of one channel that are there. MPEG-4 rounds up to whole blocks of 1,024.
    sample_rate
        In Hz.
    channels
        Number of channels.
    container
        Such as `WAV`, `FLAC`, `MP3`, `OGG` or `MPEG-4`.
    """

    frames: int
    sample_rate: int
    channels: int
    container: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def read_header(recording: Path | Recording) -> AudioHeader:
    """Read how long a recording is, from its header, and decode its end to see that it is there.

    Of an utterance that is a part of a file, `frames` are those of the part; the file's end is looked at.

    Raises
    ------
    AudioError
        When it is missing, empty, cannot be read as audio, holds no samples, or some that are not numbers,
        ends before its header says, or would be longer than a recording can be.
    """
    recording = recording if isinstance(recording, Recording) else Recording(recording)
    with problems_named(recording):
        source, in_mpeg4 = open_recording(recording)
        header = _mpeg4_header(source) if in_mpeg4 else _sndfile_header(source)
        if header.frames > 0:
            check_channel(header.channels, recording.channel)
            header = replace(header, frames=part_of(recording, header.frames, header.sample_rate)[1])
    if header.frames <= 0:
        raise AudioError(name_of(recording), "holds no audio", kind="empty")
    return header


def _sndfile_header(source: Path | io.BytesIO) -> AudioHeader:
    with SoundFile(source) as file:
        check_not_cut(file)
        frames = frames_there(source, frames_of(file, source))
        if file.format == "MP3":
            check_guessed_length(source, frames / file.samplerate)
        if file.subtype in _FLOATS:
            _check_all_samples(file)
        return AudioHeader(frames, file.samplerate, file.channels, file.format)


def _check_all_samples(file: SoundFile) -> None:
    start = 0
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        for channel in block.T:
            check_samples(channel, file.samplerate, start)
        start += len(block)


def _mpeg4_header(source: Path | io.BytesIO) -> AudioHeader:
    # The end is decoded, so that a file that is cut off is refused here too.
    _, rate, _ = decode_mpeg4(source, 1.0, SHORTFALL_S)
    with open_mpeg4(source) as (_, stream, seconds):
        return AudioHeader(round(seconds * rate), rate, stream.channels, "MPEG-4")
