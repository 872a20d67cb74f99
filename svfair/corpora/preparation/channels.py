"""Files with several channels: which is read, and where their mean would lose what they hold."""

from pathlib import Path

import numpy as np
import polars as pl

from svfair.audio import AudioHeader, read_crop
from svfair.corpora.preparation.rejections import Rejections
from svfair.manifests.recording import CHANNEL, Recording

#: Number of channels of a file, and what `kept_power` says of it: columns beside attributes of any name.
CHANNELS, KEPT_POWER = "file channels", "kept power"

#: Seconds from the middle of a file that are looked at.
_LOOKED_AT_S = 10.0

#: A channel of less than this share of the loudest one's power is silent: it has no voice of its own.
_SILENT = 1e-4

#: Of channels that agree the mean has all their power; of two voices, one a channel, half; of a voice that is
#: upside down on the second channel, nothing.
_AGREEING = 0.6


def kept_power(path: Path, header: AudioHeader) -> float | None:
    """Return the share of the power of a file's channels that their mean keeps; None for silence or one.

    It is the power of the mean of the channels that are not silent, over the mean of their powers, in the
    10 s in the middle of the file (or all of a shorter one).

    Raises
    ------
    AudioError
        When they cannot be read.
    """
    if header.channels < 2:
        return None
    seconds = min(_LOOKED_AT_S, header.duration_s)
    each = np.stack(
        [
            read_crop(Recording(path, channel=number), 0.5, seconds, sample_rate=header.sample_rate)
            for number in range(1, header.channels + 1)
        ]
    ).astype(np.float64)
    powers = np.mean(each**2, axis=1)
    loud = powers > _SILENT * powers.max()
    if not loud.any():
        return None
    return float(np.mean(each[loud].mean(axis=0) ** 2) / powers[loud].mean())


def with_channels(rows: pl.DataFrame, channel: int | None, rejections: Rejections) -> pl.DataFrame:
    """Return the rows with `audio_channel` where one is chosen; reject those whose file has it not.

    Parameters
    ----------
    rows
        `CHANNELS` of their files, and perhaps `audio_channel`.
    channel
        Of rows that name none, as far as their file has several or it is not the first.
    rejections
        Take the others.
    """
    if channel is not None:
        chosen = pl.when((pl.col(CHANNELS) > 1) | (channel > 1)).then(pl.lit(channel, pl.Int64))
        named = [CHANNEL] if CHANNEL in rows.columns else []
        rows = rows.with_columns(pl.coalesce(*named, chosen).alias(CHANNEL))
    if CHANNEL not in rows.columns:
        return rows
    reason = pl.format("has no channel {}; it has {}", CHANNEL, CHANNELS)
    rows = rejections.take(rows, (pl.col(CHANNEL) > pl.col(CHANNELS)).fill_null(False), "no channel", reason)
    return rows if rows[CHANNEL].count() else rows.drop(CHANNEL)


def notes_of_channels(rows: pl.DataFrame) -> list[str]:
    """Return a note on the files whose channels are averaged although they disagree."""
    averaged = rows.filter(pl.col(CHANNEL).is_null()) if CHANNEL in rows.columns else rows
    lost = averaged.filter(pl.col(KEPT_POWER) < _AGREEING)["path"].unique().sort()
    if lost.is_empty():
        return []
    first = ", ".join(lost[:3])
    return [
        f"{len(lost):,} files have channels that disagree, such as {first}: their mean, which is read, keeps "
        f"less than {_AGREEING:.0%} of their power, as with a voice on each or one upside down. Choose a "
        f"channel for all files, or let a table name one for each ({CHANNEL})"
    ]
