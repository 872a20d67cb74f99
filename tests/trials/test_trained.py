import polars as pl
import pytest

from svfair.manifests import TrainedSpeakers
from svfair.trials import count_trained


@pytest.mark.fault("trials of speakers that were trained on")
@pytest.mark.parametrize(
    ("trained", "count", "first"),
    [
        ((), 0, ()),
        (("z",), 0, ()),
        (("a",), 2, ("a",)),
        (("b", "a"), 3, ("a", "b")),
        (("c",), 2, ("c",)),
        (("a", "b", "c"), 4, ("a", "b", "c")),
    ],
)
def test_a_trial_counts_when_either_side_was_trained_on(
    trained: tuple[str, ...], count: int, first: tuple[str, ...]
) -> None:
    enrol, test = pl.Series(["a", "a", "b", "d", "c"]), pl.Series(["a", "b", "c", "d", "c"])
    found = count_trained(enrol, test, TrainedSpeakers.of(trained))
    assert (found.count, found.of, found.first) == (count, 5, first)
