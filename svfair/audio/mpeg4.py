"""MPEG-4 audio (m4a of VoxCeleb2), which libsndfile does not read: decoded by PyAV, cropped by seeking."""

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from svfair.audio.lengths import SHORTFALL_S, check_length
from svfair.audio.parts import check_channel, mono_of, part_of
from svfair.audio.problems import DamagedError
from svfair.audio.samples import check_samples
from svfair.manifests.recording import Recording

if TYPE_CHECKING:
    from av import AudioFrame

#: An AAC block overlaps with the one before it, so that the first after a seek is not right yet; one block
#: more is for streams whose time stamps are coarser than their blocks.
_BLOCKS_BEFORE = 2
_BLOCK = 1024


def is_mpeg4(start: bytes) -> bool:
    """Tell from the first eight bytes of a file whether it is MPEG-4."""
    return start[4:8] == b"ftyp"


@contextmanager
def open_mpeg4(source: Path | io.BytesIO) -> Iterator[tuple[Any, Any, float]]:
    """Open a file or its content; give the container, its audio stream, and the stream's length in seconds.

    Raises
    ------
    ValueError, OSError
        When there is no audio stream, its length is not stated or none of audio, or the content cannot be
        decoded; damaged content may lead the decoder to other errors.
    """
    # Heavy, and not needed where all audio is WAV or FLAC.
    import av

    # FFmpeg takes names for addresses ("http:/a.m4a", "a:b/c.m4a"), and content for lists of other files: it
    # gets an open file, and is told the format.
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        file.seek(0)
        try:
            with av.open(file, mode="r", format="mov") as container:
                if not container.streams.audio:
                    raise ValueError("no audio stream")
                stream = container.streams.audio[0]
                if stream.codec_context is None:
                    raise ValueError("its codec is not known")
                if stream.duration is None or stream.time_base is None or not stream.rate:
                    raise ValueError("its length is not stated")
                seconds = float(stream.duration * stream.time_base)
                check_length(source, seconds, stream.rate)
                yield container, stream, seconds
        except av.FFmpegError as error:
            # "Operation not permitted" is how FFmpeg says that it has no table of the blocks.
            damaged = error.errno == errno.EPERM
            reason = "its tables are damaged" if damaged else error.strerror or str(error)
            raise ValueError(reason) from error


def decode_mpeg4(
    source: Path | io.BytesIO,
    position: float | None = None,
    seconds: float | None = None,
    recording: Recording | None = None,
) -> tuple[npt.NDArray[np.float32], int, int]:
    """Decode a file, or a crop of it.

    Parameters
    ----------
    source
        A file or its content.
    position, seconds
        Where the crop lies, in [0, 1], and its length; none: the whole file.
    recording
        Which part and channel of the file is meant; none: all of it, and the mean.

    Returns
    -------
    samples
        Mono float32.
    sample_rate
        Of the file, in Hz.
    expected
        How many samples the header promises; some blocks fewer may be there.

    Raises
    ------
    ValueError, OSError
        See `open_mpeg4`.
    DamagedError
        When the file ends much before its header says.
    """
    with open_mpeg4(source) as (container, stream, length_s):
        rate = stream.rate
        total = round(length_s * rate)
        recording = recording or Recording(Path())
        begin, length = part_of(recording, total, rate)
        count = length if seconds is None else min(length, round(seconds * rate))
        start = begin + round((position or 0.0) * (length - count))
        again = False
        while True:
            samples, begins = _decode_from(source, container, stream, start, count, again, recording.channel)
            again = True
            end = begins + len(samples)
            if end >= start + count:
                break
            # The header may count the last block as full, or blocks that are not there; then a crop lies as
            # late as it fits into what is there.
            if total - end > max(_BLOCK, SHORTFALL_S * rate):
                reason = f"is cut off: it ends after {end} of {total} samples"
                raise DamagedError(reason, "cut off")
            start = max(begin, end - count)
            count = max(0, min(count, end - start))
            if len(samples) and start >= begins:
                break
    mono = samples[max(0, start - begins) :][:count]
    check_samples(mono, rate, start)
    return mono, rate, count


def _decode_from(
    source: Path | io.BytesIO,
    container: Any,
    stream: Any,
    start: int,
    count: int,
    again: bool,
    channel: int | None,
) -> tuple[npt.NDArray[np.float32], int]:
    """Return the samples from a little before `start` on, and where they begin."""
    ticks = float(stream.time_base * stream.rate)  # samples a tick
    first = max(0, start - _BLOCKS_BEFORE * _BLOCK)
    if first > 0 or again:
        container.seek(int(first / ticks), stream=stream, backward=True)
    blocks: list[npt.NDArray[np.float32]] = []
    begins, decoded = first, 0
    for frame in container.decode(stream):
        at = 0 if frame.pts is None else round(frame.pts * ticks)
        begins = at if not blocks else begins
        blocks.append(_mono(frame, channel))
        decoded += frame.samples
        check_length(source, decoded / stream.rate, stream.rate)  # time stamps may promise less
        if at + frame.samples >= start + count:
            break
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32), begins


def _mono(frame: "AudioFrame", channel: int | None) -> npt.NDArray[np.float32]:
    channels = len(frame.layout.channels)
    check_channel(channels, channel)
    if channels == 1 and frame.format.name in ("fltp", "flt"):
        # As AAC mostly is; a file has hundreds of such blocks, and the general way costs twice the decoding.
        return np.frombuffer(frame.planes[0], np.float32, frame.samples)  # type: ignore[call-overload, no-any-return]
    values = frame.to_ndarray()
    if values.dtype.kind == "i":  # ALAC is whole numbers
        values = values / float(2 ** (8 * values.dtype.itemsize - 1))
    if not frame.format.is_planar:
        values = values.reshape(-1, channels).T
    return mono_of(values.T, channel)
