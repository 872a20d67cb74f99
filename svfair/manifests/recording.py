"""Where the audio of an utterance is."""

from pathlib import Path
from typing import NamedTuple

#: Names of audio files end in one of these; compared in lower case.
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".aiff", ".au", ".sph")

#: Where an utterance lies inside a packed file (a tar archive), in bytes; columns that a manifest may have.
BYTE_OFFSET, BYTE_SIZE = "byte_offset", "byte_size"


class Recording(NamedTuple):
    """Audio of one utterance: a file, or `size` bytes of one from `offset` on (a member of a tar archive)."""

    path: Path
    offset: int = 0
    size: int | None = None
