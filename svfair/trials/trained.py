"""Trials whose speakers an extractor was trained on: they are easier than those of anybody else."""

from dataclasses import dataclass

import polars as pl

from svfair.manifests.trained_speakers import TrainedSpeakers

#: Speakers that are named.
_NAMED = 3


@dataclass(frozen=True)
class TrainedTrials:
    """How many trials have a speaker that was trained on, on either side.

    Parameters
    ----------
    count, of
        Trials with such a speaker, and all trials.
    first
        The first of these speakers, in the order of the trials.
    """

    count: int
    of: int
    first: tuple[str, ...]


def count_trained(enrol: pl.Series, test: pl.Series, trained: TrainedSpeakers) -> TrainedTrials:
    """Count the trials with a speaker that was trained on, given the speaker of each side of each."""
    marked = [trained.among(side) for side in (enrol, test)]
    either = marked[0] | marked[1]
    sides = pl.DataFrame({"enrol": enrol, "test": test}).filter(either).head(_NAMED)
    names = (name for row in sides.iter_rows() for name in row)
    first = pl.Series(list(dict.fromkeys(names)), dtype=pl.String)
    return TrainedTrials(int(either.sum()), len(either), tuple(first.filter(trained.among(first)))[:_NAMED])
