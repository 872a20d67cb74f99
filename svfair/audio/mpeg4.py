"""MPEG-4 audio (m4a of VoxCeleb2), which libsndfile does not read: decoded by PyAV, cropped by seeking."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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
        When there is no audio stream, its length is not stated, or the content cannot be decoded; every error
        of PyAV is one of the two.
    """
    # Heavy, and not needed where all audio is WAV or FLAC.
    import av

    try:
        with av.open(str(source) if isinstance(source, Path) else source, mode="r") as container:
            if not container.streams.audio:
                raise ValueError("no audio stream")
            stream = container.streams.audio[0]
            if stream.duration is None or stream.time_base is None:
                raise ValueError("its length is not stated")
            yield container, stream, float(stream.duration * stream.time_base)
    except av.FFmpegError as error:
        raise ValueError(error.strerror or str(error)) from error


def decode_mpeg4(
    source: Path | io.BytesIO, position: float | None = None, seconds: float | None = None
) -> tuple[npt.NDArray[np.float32], int, int]:
    """Decode a file, or a crop of it.

    Parameters
    ----------
    source
        A file or its content.
    position, seconds
        Where the crop lies, in [0, 1], and its length; none: the whole file.

    Returns
    -------
    samples
        Mono float32.
    sample_rate
        Of the file, in Hz.
    expected
        How many samples the header promises; fewer mean that the file is damaged.

    Raises
    ------
    ValueError, OSError
        See `open_mpeg4`.
    """
    with open_mpeg4(source) as (container, stream, length_s):
        rate, ticks = stream.rate, float(stream.time_base * stream.rate)  # samples a tick
        total = round(length_s * rate)
        count = total if seconds is None else min(total, round(seconds * rate))
        start = round((position or 0.0) * (total - count))
        first = max(0, start - _BLOCKS_BEFORE * _BLOCK)
        if first > 0:
            container.seek(int(first / ticks), stream=stream, backward=True)
        blocks: list[npt.NDArray[np.float32]] = []
        begins = first
        for frame in container.decode(stream):
            at = 0 if frame.pts is None else round(frame.pts * ticks)
            begins = at if not blocks else begins
            blocks.append(_mono(frame))
            if at + frame.samples >= start + count:
                break
    samples = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    # The header may count the last block as full; then a crop at the very end begins that much earlier.
    missing = start + count - (begins + len(samples))
    if 0 < missing <= _BLOCK:
        start, count = max(0, start - missing), min(count, total - missing)
    return samples[max(0, start - begins) :][:count], rate, count


def _mono(frame: "AudioFrame") -> npt.NDArray[np.float32]:
    channels = len(frame.layout.channels)
    if channels == 1 and frame.format.name in ("fltp", "flt"):
        # As AAC mostly is; a file has hundreds of such blocks, and the general way costs twice the decoding.
        return np.frombuffer(frame.planes[0], np.float32, frame.samples)  # type: ignore[call-overload, no-any-return]
    values = frame.to_ndarray()
    if values.dtype.kind == "i":  # ALAC is whole numbers
        values = values / float(2 ** (8 * values.dtype.itemsize - 1))
    if not frame.format.is_planar:
        values = values.reshape(-1, channels).T
    mono: npt.NDArray[np.float32] = values.mean(axis=0, dtype=np.float32)
    return mono
