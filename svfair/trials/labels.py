"""Labels of trials: one for each pair of utterances, in the file or joined from a list of trials."""

from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.tables.bad_lines import refuse
from svfair.tables.lines import Records

_KEY = ("enrol", "test")


def check_labels_agree(table: pl.DataFrame, numbers: pl.Series, path: Path, unit: str) -> None:
    """Refuse a pair of utterances that is a target trial here and a non-target trial there.

    Raises
    ------
    InputError
        Naming the first such pair and its two lines.
    """
    repeated = repeats(table)
    if repeated is None:
        return
    trials = table.select(*_KEY, "is_target").with_columns(number=numbers).filter(repeated)
    both = pl.col("is_target").n_unique().over(*_KEY) > 1
    contradictory = trials.filter(both)
    if contradictory.height == 0:
        return
    enrol, test, *_ = contradictory.row(0)
    pair = contradictory.filter((pl.col("enrol") == enrol) & (pl.col("test") == test))
    target, other = (pair.filter(pl.col("is_target") == kind)["number"][0] for kind in (True, False))
    count = contradictory.select(_KEY).n_unique()
    others = f" ({count - 1:,} more like it)" if count > 1 else ""
    raise InputError(
        f"{path}: '{shown(enrol)}' against '{shown(test)}' is a target trial in {unit} {target} and a "
        f"non-target trial in {unit} {other}{others}; keep the right one"
    )


def repeats(table: pl.DataFrame) -> pl.Series | None:
    """Mark the rows whose pair stands there more than once; None when there is none.

    Hashes are compared first: they tell in a fraction of the time that nothing repeats, the usual case.
    """
    enrol, test = (table[name].hash(seed).to_numpy() for seed, name in enumerate(_KEY))
    hashes = pl.Series(enrol ^ test)
    if hashes.n_unique() == table.height:
        return None
    repeated = table.select(pl.struct(_KEY).is_duplicated()).to_series()
    return repeated if repeated.any() else None


def label_from_list(
    records: Records, trials: pl.DataFrame, path: Path, list_path: Path, *, lenient: bool
) -> tuple[Records, int]:
    """Add `is_target` from a trial list to scores, joined on the pair of utterances.

    Parameters
    ----------
    records
        `enrol`, `test` and `score`.
    trials
        `enrol`, `test` and `is_target`, without contradictions.
    path, list_path
        Where the two come from, for messages.
    lenient
        Whether scores without a trial become bad lines, and trials without a score are counted, instead of
        being refused.

    Returns
    -------
    records
        With `is_target`, in the same order.
    unscored
        How many different trials of the list have no score.

    Raises
    ------
    InputError
        Naming the first score without a trial, trial without a score, or pair with two scores.
    """
    _refuse_two_scores(records, path)
    trials = trials.unique(_KEY, keep="first", maintain_order=True)
    labelled = records.table.join(trials, on=_KEY, how="left", maintain_order="left")
    lacking = labelled["is_target"].is_null()
    bad = [
        (number, f"'{shown(enrol)}' against '{shown(test)}' is no trial of {list_path.name}")
        for number, enrol, test in zip(
            records.numbers.filter(lacking), *(labelled[key].filter(lacking) for key in _KEY), strict=True
        )
    ]
    if not lenient or lacking.all():
        refuse(path, bad, records.unit, "Give the list that was scored")
    unscored = trials.join(records.table, on=_KEY, how="anti", maintain_order="left")
    if unscored.height and not lenient:
        enrol, test = unscored.row(0)[:2]
        raise InputError(
            f"{path}: has no score for {unscored.height:,} of the {trials.height:,} trials in {list_path}, "
            f"the first is '{shown(enrol)}' against '{shown(test)}'; score them, or take them out of the list"
        )
    kept = Records(
        labelled.filter(~lacking), records.numbers.filter(~lacking), [*records.bad, *bad], records.unit
    )
    return kept, unscored.height


def _refuse_two_scores(records: Records, path: Path) -> None:
    repeated = repeats(records.table)
    if repeated is None:
        return
    rows = records.table.with_columns(number=records.numbers).filter(repeated)
    differing = rows.filter(pl.col("score").n_unique().over(*_KEY) > 1)
    if differing.height == 0:
        return
    enrol, test, *_ = differing.row(0)
    pair = differing.filter((pl.col("enrol") == enrol) & (pl.col("test") == test))
    first, other = pair["number"][0], pair.filter(pl.col("score") != pair["score"][0])["number"][0]
    count = differing.select(_KEY).n_unique()
    others = f" ({count - 1:,} more like it)" if count > 1 else ""
    raise InputError(
        f"{path}: '{shown(enrol)}' against '{shown(test)}' has different scores in {records.unit} {first} "
        f"and {records.unit} {other}{others}; the list has one trial for both, so keep one"
    )
