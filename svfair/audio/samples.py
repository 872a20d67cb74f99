"""Samples that are no sound."""

import numpy as np
import numpy.typing as npt

from svfair.audio.problems import DamagedError

#: Full scale is 1; samples in the scale of 32-bit integers are read. Spectra of much more are not finite.
_LOUDEST = 2.0**32


def check_samples(mono: npt.NDArray[np.float32], rate: int, start: int = 0) -> None:
    """Refuse samples that are not finite, or absurdly large; `start` is where they begin in their file.

    Raises
    ------
    DamagedError
        With the time of the first.
    """
    if len(mono) == 0 or (mono.min() >= -_LOUDEST and mono.max() <= _LOUDEST):  # neither holds for NaN
        return
    bad = ~np.isfinite(mono)
    first, what = int(bad.argmax()), "samples that are not numbers"
    if not bad.any():
        first = int((np.abs(mono) > _LOUDEST).argmax())
        what = f"samples as large as {mono[first]:.3g}, where 1 is full scale"
    raise DamagedError(f"holds {what} (first at {(start + first) / rate:.3f} s)")
