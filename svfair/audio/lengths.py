"""How long a recording can be, and what its header says of that held against what is there."""

import io
import re
from pathlib import Path

import soundfile

from svfair.audio.problems import DamagedError

#: A decoder may give this much less than the header says, in seconds: encoders count codec frames too many.
SHORTFALL_S = 0.5

#: Longer recordings are refused, in seconds: headers that lie say so.
LONGEST_S = 24 * 3600

#: Beyond an hour, a recording has at least this many bytes a second: the smallest codecs of speech need more,
#: and a small file that decodes to hours would fill the memory.
_FEWEST_BYTES_A_SECOND = 100

#: Sampling rates outside are no audio, and converting them could make of a small file a huge one; in Hz.
_RATES = (1_000, 1_000_000)

#: Programs that write to a pipe cannot go back to state the length, and write a number such as 0x7FFFFFFF or
#: 0xFFFFFFFF in its place: from here on, bytes of audio in a 32-bit header mean that the length is not known.
_LENGTH_UNKNOWN = 0x7FFF_0000

#: What libsndfile's log says when fewer bytes are there than the header states.
_STATED = re.compile(r"^\s*(?:data|SSND|Data Size|Riff size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)

#: Formats whose length libsndfile takes from the number of bytes that are there.
_COUNTED_BY_BYTES = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")

_BLOCK = 1 << 20


class SoundFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A file that is read once and closed.

    After each read, soundfile seeks to where it stands already, if it may; FLAC is then searched once more.
    """

    def __init__(self, source: Path | io.BytesIO) -> None:
        if isinstance(source, io.BytesIO):
            source.seek(0)
        super().__init__(source)
        if self.frames == 0 and (content := _with_length_unknown(source)):
            super().close()
            super().__init__(io.BytesIO(content))

    def seekable(self) -> bool:
        """Say no."""
        return False


def check_length(source: Path | io.BytesIO, seconds: float, rate: int) -> None:
    """Refuse what no recording can be, before memory is asked for it.

    Raises
    ------
    DamagedError
        When the sampling rate is none of audio, or the recording is too long for its bytes or at all.
    """
    if not _RATES[0] <= rate <= _RATES[1]:
        raise DamagedError(f"has a sampling rate of {rate:,} Hz, which is none of audio")
    if seconds > 3600:
        size = size_of(source)
        if seconds > _most_seconds(size):
            stated = f"{seconds / 3600:,.1f} hours" if seconds < 1e12 else "no end"
            raise DamagedError(f"would last {stated}, which {size:,} bytes cannot hold")


def frames_of(file: SoundFile, source: Path | io.BytesIO) -> int:
    """Return how many samples an open file says that it has; where it does not say, they are counted.

    Raises
    ------
    DamagedError
        See `check_length`.
    """
    rate = int(file.samplerate)
    # What FLAC says from a pipe: libsndfile makes "unknown" the largest number there is.
    frames = int(file.frames) if file.frames < 2**62 else _count(source)
    check_length(source, frames / max(rate, 1), rate)
    return frames


def check_not_cut(file: SoundFile) -> None:
    """Refuse a file of plain samples that ends before its header says.

    Raises
    ------
    DamagedError
        With the bytes that the header states and those that are there.
    """
    # libsndfile takes what is there for the length, and says so in its log alone.
    if found := _STATED.search(file.extra_info) if file.frames else None:
        stated, present = int(found[1]), int(found[2])
        if present < stated < _LENGTH_UNKNOWN:
            reason = f"is cut off: its header says {stated:,} bytes of audio, there are {present:,}"
            raise DamagedError(reason, "cut off")


def frames_there(source: Path | io.BytesIO, frames: int) -> int:
    """Return how many of the samples that a header states are there, by decoding the last of them.

    Raises
    ------
    DamagedError
        When more than `SHORTFALL_S` is missing.
    """
    with SoundFile(source) as file:
        if file.format != "FLAC" and file.subtype.startswith(_COUNTED_BY_BYTES):
            return frames
        looked_at = min(frames, round(SHORTFALL_S * file.samplerate))
        try:
            file.seek(frames - looked_at)
            found = len(file.read(looked_at, dtype="float32"))
        except soundfile.LibsndfileError:
            found = 0
        if found == 0 and frames > 0:
            seconds = frames / file.samplerate
            raise DamagedError(f"is cut off: it ends before the {seconds:.2f} s of its header", "cut off")
    there: int = frames - looked_at + found
    return there


def _with_length_unknown(source: Path | io.BytesIO) -> bytes | None:
    """Return a WAV file whose header was never finished, of 0 bytes, as one that does not know its length."""
    content = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    place = content.find(b"data\0\0\0\0", 12, 4096)
    # A finished header knows how long the file is: then there is no audio, and something else behind it.
    finished = abs(int.from_bytes(content[4:8], "little") + 8 - len(content)) <= 1
    if content[:4] != b"RIFF" or place < 0 or finished or len(content) <= place + 8:
        return None
    return content[: place + 4] + b"\xff" * 4 + content[place + 8 :]


def size_of(source: Path | io.BytesIO) -> int:
    """Return the size of a file or its content in bytes."""
    return source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes


def _most_seconds(size: int) -> float:
    return min(LONGEST_S, max(3600.0, size / _FEWEST_BYTES_A_SECOND))


def _count(source: Path | io.BytesIO) -> int:
    with SoundFile(source) as file:
        most = _most_seconds(size_of(source)) * file.samplerate
        frames = 0
        while frames <= most:
            found = len(file.read(_BLOCK // file.channels, dtype="float32"))
            if found == 0:
                break
            frames += found
    return frames
