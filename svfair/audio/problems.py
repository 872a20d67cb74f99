"""Recordings that cannot be used: which, why, and in a word."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from svfair.audio.kinds import kind_of
from svfair.errors import InputError, shown
from svfair.manifests.recording import Recording

AudioProblem = Literal["missing", "empty", "cut off", "unreadable"]


class AudioError(InputError):
    """A recording that cannot be used.

    Parameters
    ----------
    name
        Which: its path, and where it lies in a packed file.
    reason
        What is wrong with it, such as `is empty (0 bytes)`.
    kind
        The same in a word, for who counts.
    """

    # Processes hand an error on by its message alone, so that a name is enough.
    def __init__(self, name: str, reason: str = "", *, kind: AudioProblem = "unreadable") -> None:
        super().__init__(name, *([f": {reason}; replace the file or drop it"] if reason else []))
        self.reason = reason
        self.kind = kind


class DamagedError(ValueError):
    """What is wrong with a recording, where its name is not known; `problems_named` adds it."""

    def __init__(self, reason: str, kind: AudioProblem = "unreadable") -> None:
        super().__init__(reason)
        self.kind = kind


def name_of(recording: Recording) -> str:
    """Return how a message calls a recording."""
    places = []
    if recording.size is not None:
        places.append(f"bytes {recording.offset} to {recording.offset + recording.size}")
    if recording.start_s is not None:
        stop = "its end" if recording.length_s is None else f"{recording.start_s + recording.length_s:.2f} s"
        places.append(f"{recording.start_s:.2f} s to {stop}")
    return f"{recording.path} ({', '.join(places)})" if places else str(recording.path)


@contextmanager
def problems_named(recording: Recording) -> Iterator[None]:
    """Raise whatever goes wrong while a recording is read as an `AudioError`.

    Raises
    ------
    AudioError
        See above.
    """
    try:
        yield
    except AudioError:
        raise
    except DamagedError as error:
        raise AudioError(name_of(recording), str(error), kind=error.kind) from error
    except Exception as error:  # decoders raise whatever damaged content leads them to
        reason, kind = _told(recording.path, error)
        raise AudioError(name_of(recording), reason, kind=kind) from error


def _told(path: Path, error: Exception) -> tuple[str, AudioProblem]:
    # libsndfile says of a file that is missing or empty that its format is unknown, or less.
    try:
        if path.stat().st_size == 0:
            return "is empty (0 bytes)", "empty"
    except FileNotFoundError:
        return "is missing", "missing"
    except OSError:
        pass  # what was raised first says as much
    if isinstance(error, MemoryError):
        return "needs more memory than there is", "unreadable"
    if (kind := kind_of(path)) is not None:
        return kind, "unreadable"
    texts = (getattr(error, "error_string", None), getattr(error, "strerror", None), str(error))
    reason = next(filter(None, texts), type(error).__name__)
    return f"cannot be read as audio ({shown(reason, 200)})", "unreadable"
