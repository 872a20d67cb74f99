"""A manifest's audio held against what the manifest says of it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from svfair.audio.headers import read_header
from svfair.audio.problems import AudioError, name_of
from svfair.errors import InputError
from svfair.manifests.manifest import Manifest
from svfair.manifests.recording import Recording
from svfair.tables.bad_lines import others_like_it

#: Files whose header is read: all, or this many spread evenly over a longer manifest.
_LOOKED_AT = 5000

#: A file may differ from the stated duration by this many seconds plus one percent.
DURATION_TOLERANCE_S = 0.5


def check_audio(manifest: Manifest) -> None:
    """Read the headers of a manifest's files (of 5,000 in a longer one).

    Raises
    ------
    InputError
        When a file is missing, no audio or empty, or does not last as stated; naming the first such row,
        and how many more there are.
    """
    height = manifest.written.height
    rows = list(range(height))
    if height > _LOOKED_AT:
        rows = [number * height // _LOOKED_AT for number in range(_LOOKED_AT)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(_problem, map(manifest.recording, rows), manifest.written["duration_s"][rows]))
    bad = [(row, problem) for row, problem in zip(rows, found, strict=True) if problem]
    if bad:
        row, problem = bad[0]
        place = manifest.place(row)
        raise InputError(f"{manifest.source}: {place}: path: {problem}{others_like_it(len(bad), 'rows')}")


def read_durations(manifest: Manifest) -> npt.NDArray[np.float64]:
    """Read how long the recordings of a manifest really are, in seconds, float64 (rows,).

    Raises
    ------
    AudioError
        When one cannot be used.
    """
    recordings = map(manifest.recording, range(manifest.written.height))
    with ThreadPoolExecutor(8) as pool:
        return np.fromiter((header.duration_s for header in pool.map(read_header, recordings)), np.float64)


def _problem(recording: Recording, duration_s: float) -> str | None:
    name = f"'{name_of(recording)}'"
    try:
        header = read_header(recording)
    except AudioError as error:
        return f"{name} {error.reason}"
    if abs(header.duration_s - duration_s) > DURATION_TOLERANCE_S + 0.01 * duration_s:
        return f"{name} lasts {header.duration_s:.2f} s, not {duration_s:.2f} s as duration_s says"
    return None
