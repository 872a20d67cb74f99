"""How long a recording is, without decoding it."""

import io
from dataclasses import dataclass
from pathlib import Path

import soundfile

from svfair.audio.mpeg4 import open_mpeg4
from svfair.audio.problems import AudioError, name_of, problems_named
from svfair.audio.reading import open_recording
from svfair.manifests.recording import Recording


@dataclass(frozen=True)
class AudioHeader:
    """What a file says of itself.

    Parameters
    ----------
    frames
        Samples of one channel. MPEG-4 rounds up to whole blocks of 1,024.
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
    """Read how long a recording is, from its header.

    Raises
    ------
    AudioError
        When it is missing, empty, cannot be read as audio, holds no samples, or is a WAV file that ends
        before its header says.
    """
    recording = recording if isinstance(recording, Recording) else Recording(recording)
    with problems_named(recording):
        source, in_mpeg4 = open_recording(recording)
        header = _mpeg4_header(source) if in_mpeg4 else _sndfile_header(source, recording)
    if header.frames <= 0:
        raise AudioError(name_of(recording), "holds no audio", kind="empty")
    return header


def _sndfile_header(source: Path | io.BytesIO, recording: Recording) -> AudioHeader:
    info = soundfile.info(source, verbose=True)
    # libsndfile takes what is there of a cut WAV file for its length, and says so in its log alone.
    for line in info.extra_info.splitlines() if info.format == "WAV" and info.frames else ():
        if line.startswith("data :") and "(should be" in line:
            stated, present = int(line.split()[2]), int(line.split()[-1].rstrip(")"))
            if stated > present:
                reason = f"is cut off: its header says {stated:,} bytes of audio, there are {present:,}"
                raise AudioError(name_of(recording), reason, kind="cut off")
    return AudioHeader(info.frames, info.samplerate, info.channels, info.format)


def _mpeg4_header(source: Path | io.BytesIO) -> AudioHeader:
    with open_mpeg4(source) as (_, stream, seconds):
        return AudioHeader(round(seconds * stream.rate), stream.rate, stream.channels, "MPEG-4")
