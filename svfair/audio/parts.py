"""Which samples of a file an utterance is, and which channel of them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from svfair.audio.problems import DamagedError
from svfair.manifests.recording import Recording

#: An utterance may end this much later than its file, in seconds: durations are rounded, and encoders
#: count codec frames too many.
BEYOND_END_S = 0.5


def part_of(recording: Recording, total: int, rate: int) -> tuple[int, int]:
    """Return the first sample and the number of samples of an utterance in a file of `total` samples.

    Raises
    ------
    DamagedError
        When it begins or ends behind the end of the file.
    """
    if recording.start_s is None:
        return 0, total
    seconds = recording.length_s if recording.length_s is not None else total / rate - recording.start_s
    first, count = round(recording.start_s * rate), round(seconds * rate)
    if first >= total or first + count > total + BEYOND_END_S * rate:
        stop_s = recording.start_s + seconds
        raise DamagedError(
            f"lasts {total / rate:.2f} s, and has no part from {recording.start_s:.2f} to {stop_s:.2f} s"
        )
    return first, min(count, total - first)


def mono_of(samples: npt.NDArray[Any], channel: int | None) -> npt.NDArray[np.float32]:
    """Return one channel, from 1, or the mean of all; `samples` is (samples, channels).

    Raises
    ------
    DamagedError
        When there is no such channel.
    """
    channels = samples.shape[1]
    check_channel(channels, channel)
    if channel is not None or channels == 1:
        return samples[:, (channel or 1) - 1].astype(np.float32, copy=False)
    mean: npt.NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
    return mean


def check_channel(channels: int, channel: int | None) -> None:
    """Refuse a channel that is not there.

    Raises
    ------
    DamagedError
        With the number of channels that there are.
    """
    if channel is not None and channel > channels:
        raise DamagedError(f"has {channels} channel{'s' if channels > 1 else ''}, and no channel {channel}")
