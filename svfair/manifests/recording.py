"""Where the audio of an utterance is."""

from pathlib import Path
from typing import NamedTuple

#: Names of audio files end in one of these; compared in lower case.
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".aiff", ".au", ".sph")

#: Where an utterance lies inside a packed file (a tar archive), in bytes; columns that a manifest may have.
BYTE_OFFSET, BYTE_SIZE = "byte_offset", "byte_size"

#: Where an utterance begins in its file, in seconds, and on which channel (from 1) it is; likewise.
START, CHANNEL = "start_s", "audio_channel"

#: The columns that tell, beside `path`, where the audio of a row is.
PLACES = (START, CHANNEL, BYTE_OFFSET, BYTE_SIZE)


class Recording(NamedTuple):
    """Audio of one utterance: a file, or a part of one.

    Parameters
    ----------
    path
        The file.
    offset, size
        Bytes of a member of a packed file (a tar archive).
    start_s, length_s
        Where in the file, or the member, the utterance begins and how long it is, in seconds; without
        `start_s` it is the whole.
    channel
        The one that is read, from 1; None for the mean of all.
    """

    path: Path
    offset: int = 0
    size: int | None = None
    start_s: float | None = None
    length_s: float | None = None
    channel: int | None = None
