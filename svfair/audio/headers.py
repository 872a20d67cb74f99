"""How long a recording is, without decoding it."""

import io
from dataclasses import dataclass
from pathlib import Path

import soundfile

from svfair.audio.mpeg4 import is_mpeg4
from svfair.errors import InputError
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
    InputError
        When it is missing, empty, cannot be read as audio, holds no samples, or is a WAV file that ends
        before its header says. The message names the file.
    """
    recording = recording if isinstance(recording, Recording) else Recording(recording)
    path = recording.path
    try:
        with path.open("rb") as file:
            file.seek(recording.offset)
            # A packed recording is read whole: it is small, and its archive is open anyway.
            content = file.read(64 if recording.size is None else recording.size)
            if not content:
                raise InputError(f"'{path}' is empty (0 bytes)")
            if recording.size is not None and len(content) < recording.size:
                raise InputError(f"'{path}' ends before byte {recording.offset + recording.size:,}")
            if is_mpeg4(content):
                header = _mpeg4_header(path if recording.size is None else io.BytesIO(content))
            else:
                header = _sndfile_header(path if recording.size is None else io.BytesIO(content))
    except InputError:
        raise
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        raise InputError(f"'{path}' cannot be read as audio ({reason})") from error
    if header.frames <= 0:
        raise InputError(f"'{path}' holds no audio")
    if isinstance(header, _Truncated):
        raise InputError(
            f"'{path}' is cut off: its header says {header.stated:,} bytes of audio, there are "
            f"{header.present:,}"
        )
    return header


@dataclass(frozen=True)
class _Truncated(AudioHeader):
    stated: int
    present: int


def _sndfile_header(source: Path | io.BytesIO) -> AudioHeader:
    info = soundfile.info(source, verbose=True)
    # libsndfile takes what is there of a cut WAV file for its length, and says so in its log alone.
    for line in info.extra_info.splitlines() if info.format == "WAV" else ():
        if line.startswith("data :") and "(should be" in line:
            stated, present = int(line.split()[2]), int(line.split()[-1].rstrip(")"))
            if stated > present:
                return _Truncated(info.frames, info.samplerate, info.channels, info.format, stated, present)
    return AudioHeader(info.frames, info.samplerate, info.channels, info.format)


def _mpeg4_header(source: Path | io.BytesIO) -> AudioHeader:
    import av

    with av.open(str(source) if isinstance(source, Path) else source) as container:
        if not container.streams.audio:
            raise ValueError("no audio stream")
        stream = container.streams.audio[0]
        if stream.duration is None or stream.time_base is None:
            raise ValueError("its length is not stated")
        frames = round(float(stream.duration * stream.time_base) * stream.rate)
        return AudioHeader(frames, stream.rate, stream.channels, "MPEG-4")
