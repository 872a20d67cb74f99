"""MP3 without a table of its length: what libsndfile then guesses, held against the frames that are there."""

import io
from contextlib import suppress
from pathlib import Path

from svfair.audio.lengths import SHORTFALL_S, size_of
from svfair.audio.problems import DamagedError

#: Names of the table that encoders put into the first frame, and how far behind the tags it is looked for.
_TABLES, _LOOKED_AT = (b"Xing", b"Info", b"VBRI"), 4096


def check_guessed_length(source: Path | io.BytesIO, seconds: float) -> None:
    """Refuse an MP3 whose length was guessed from the rate of its first frame, and guessed too short.

    Raises
    ------
    DamagedError
        With both lengths: the rest would be left out without a word.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source.getvalue()) as file:
        tag = file.read(10)
        if tag[:3] == b"ID3":  # four bytes of seven bits
            file.seek(10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(tag[6:10])))
        else:
            file.seek(0)
        start = file.read(_LOOKED_AT)
        if any(name in start for name in _TABLES) or len(start) >= size_of(source):
            return
        # Heavy, and rarely needed.
        import av

        file.seek(0)
        there = 0.0
        with suppress(av.FFmpegError), av.open(file, mode="r", format="mp3") as container:
            stream = container.streams.audio[0]
            ticks = sum(packet.duration or 0 for packet in container.demux(stream))
            there = float(ticks * (stream.time_base or 0))
    if there > seconds * 1.01 + SHORTFALL_S:
        raise DamagedError(
            f"does not state its length: {there:.2f} s are there, and {seconds:.2f} s would be read; "
            "encode it anew"
        )
