"""How many trials there are of every group and between every two groups."""

import polars as pl

from svfair.missing import UNKNOWN
from svfair.tables.frames import check_columns, check_once, check_texts, check_trials_frame

#: Trials by group: of targets keyed by group, of non-targets by pair of groups, such as `female-male`.
GroupCounts = dict[str, dict[str, int]]


def count_by_group(trials: pl.DataFrame, group_of: pl.DataFrame) -> GroupCounts:
    """Count targets and non-targets by the groups of their two speakers.

    Parameters
    ----------
    trials
        `enrol`, `test`, `is_target`.
    group_of
        `utterance_id` and `group`; null, or an utterance that is not there, counts as unknown.

    Returns
    -------
    dict
        `targets` and `non_targets`, each by group; two different groups are joined in alphabetical order.

    Raises
    ------
    InputError
        When a column is not there or lacks a value, or an utterance has two groups.
    """
    group_of = check_columns(check_texts(group_of, ["utterance_id"], "group_of"), ["group"], "group_of")
    check_once(group_of, "utterance_id", "group_of", "keep one row of each")
    sides = check_trials_frame(trials)
    for side in ("enrol", "test"):
        groups = group_of.select(pl.col("utterance_id").alias(side), pl.col("group").alias(f"{side}_group"))
        sides = sides.join(groups, on=side, how="left")
    one, other = (pl.col(f"{side}_group").fill_null(UNKNOWN) for side in ("enrol", "test"))
    pair = pl.concat_str(pl.min_horizontal(one, other), pl.max_horizontal(one, other), separator="-")
    # A target trial has one speaker, so its group says it all, unless the labels are wrong.
    name = pl.when(pl.col("is_target") & (one == other)).then(one).otherwise(pair)
    counts = sides.select("is_target", name=name).group_by("is_target", "name").len().sort("name")
    return {
        kind: {row["name"]: row["len"] for row in counts.filter(chosen).iter_rows(named=True)}
        for kind, chosen in (("targets", pl.col("is_target")), ("non_targets", ~pl.col("is_target")))
    }


def group_lines(counts: GroupCounts) -> list[str]:
    """Return the counts as lines for people: kind, group, number."""
    rows = [
        (kind, name, f"{count:,}")
        for key, kind in (("targets", "target"), ("non_targets", "non-target"))
        for name, count in counts[key].items()
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [f"  {kind:<{widths[0]}}  {name:<{widths[1]}}  {count:>{widths[2]}}" for kind, name, count in rows]
