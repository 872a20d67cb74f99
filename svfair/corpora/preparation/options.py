"""What a preparation is told, and what it made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Store = Literal["source", "flac", "packed"]


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
    csv
        Whether the manifest is CSV rather than Parquet.
    shortest_s
        Shorter recordings are rejected, in seconds.
    largest_rejected
        Share of files that may be rejected.
    workers
        Processes; the number of cores by default.
    """

    store: Store = "source"
    csv: bool = False
    shortest_s: float = 0.1
    largest_rejected: float = 0.2
    workers: int | None = None
