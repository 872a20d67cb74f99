from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables import Rejected
from svfair.trials import ScoredTrials


def scored(targets: int, crossed: int, same: int = 0) -> ScoredTrials:
    """Make target trials, some of which are between two speakers, and others, some of which are of one."""
    enrol = ["a"] * targets + ["a"] * 50
    test = ["b"] * crossed + ["a"] * (targets - crossed) + ["a"] * same + ["b"] * (50 - same)
    table = pl.DataFrame({"enrol": enrol, "test": test, "is_target": [True] * targets + [False] * 50})
    table = table.with_columns(score=pl.int_range(pl.len()).cast(pl.Float64))
    return ScoredTrials(Path("s.csv"), "", table, enrol, test, "", Rejected())


@pytest.mark.parametrize(("targets", "crossed"), [(100, 1), (200, 2), (1000, 10), (50, 0)])
def test_one_contradiction_in_a_hundred_is_told(targets: int, crossed: int) -> None:
    assert scored(targets, crossed, same=3).contradictions() == (crossed, 3)


@pytest.mark.parametrize(("targets", "crossed"), [(100, 2), (99, 1), (1000, 11)])
def test_more_mean_that_speakers_are_not_read_right(targets: int, crossed: int) -> None:
    message = (
        f"{crossed:,} of {targets:,} target trials are between two speakers, the first between 'a' and 'b'"
    )
    with pytest.raises(InputError, match=message) as caught:
        scored(targets, crossed).contradictions()
    assert caught.value.parameter == "speaker_pattern"
