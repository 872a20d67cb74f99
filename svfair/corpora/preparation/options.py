"""What a preparation is told, and what it made."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from svfair.corpora.corpus import option
from svfair.errors import InputError, Parameter, shown


@dataclass(frozen=True)
class Prepared:
    """What a preparation made.

    Parameters
    ----------
    manifest
        The file.
    speakers, utterances, hours
        What is in it.
    rejected
        Kind of reason to number of files; `rejected.csv` has each.
    notes
        Sentences about what was found odd.
    unchanged
        Whether an earlier result was still valid, so that nothing was done.
    """

    manifest: Path
    speakers: int
    utterances: int
    hours: float
    rejected: dict[str, int]
    notes: tuple[str, ...]
    unchanged: bool = False


@dataclass(frozen=True)
class Options:
    """What applies to every corpus.

    Parameters
    ----------
    store
        `source`: the manifest points at the publisher's files. `flac`: they are written anew, 16 kHz mono.
        `packed`: the same, in tar archives of 1,000 recordings.
    manifest_format
        What the manifest is written as.
    shortest_s
        Shorter recordings are rejected, in seconds.
    max_rejected
        Share of files that may be rejected.
    workers
        Processes; the number of cores by default.
    channel
        Which channel of files with several: a number, 1 for the first, or `mean`. A table's channel goes
        before it.

    Raises
    ------
    InputError
        When the channel is neither.
    """

    store: Literal["source", "flac", "packed"] = option(
        "source",
        "source: read the publisher's files in place. flac: write them as 16 kHz mono FLAC. "
        "packed: the same, in tar archives of 1,000.",
    )
    manifest_format: Literal["parquet", "csv"] = option("parquet", "Of the manifest.", name="format")
    shortest_s: float = option(
        0.1, "Reject shorter recordings.", name="min-duration", min=0, metavar="SECONDS"
    )
    max_rejected: float = option(0.2, "Fail when more is rejected.", min=0, max=1, metavar="SHARE")
    workers: int | None = option(None, "Processes.", min=1, shown="number of cores")
    channel: str = option(
        "mean", "Of files with several: a number, 1 for the first, or mean.", metavar="N|mean"
    )

    def __post_init__(self) -> None:
        if self.channel != "mean" and not re.fullmatch("0*[1-9][0-9]{0,5}", self.channel):
            raise InputError(
                Parameter("channel"), f": must be mean or a number from 1, not '{shown(self.channel)}'"
            )

    @property
    def channel_number(self) -> int | None:
        """The channel; None for the mean."""
        return None if self.channel == "mean" else int(self.channel)
