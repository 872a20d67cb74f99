import polars as pl

from svfair.trials.counts import count_by_group, group_lines


def test_groups_and_pairs_are_counted_in_either_order() -> None:
    group_of = pl.DataFrame({"utterance_id": ["a", "b", "c"], "group": ["male", "female", None]})
    trials = pl.DataFrame(
        [
            ("a", "a", True),
            ("a", "b", False),
            ("b", "a", False),
            ("b", "b", False),
            ("a", "c", False),
            ("a", "x", True),
        ],
        schema=["enrol", "test", "is_target"],
        orient="row",
    )
    counts = count_by_group(trials, group_of)
    assert counts == {
        "targets": {"male": 1, "male-unknown": 1},
        "non_targets": {"female-female": 1, "female-male": 2, "male-unknown": 1},
    }
    assert group_lines(counts)[3] == "  non-target  female-male    2"
