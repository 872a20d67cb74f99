"""Labels of trials: one for each pair of utterances, in the file or joined from a list of trials."""

from pathlib import Path

import polars as pl

from svfair.errors import InputError, shown
from svfair.tables.bad_lines import others_like_it, refuse
from svfair.tables.lines import Records

_KEY = ("enrol", "test")


def check_labels_agree(table: pl.DataFrame, numbers: pl.Series, path: Path, unit: str) -> None:
    """Refuse a pair of utterances that is a target trial here and a non-target trial there.

    Raises
    ------
    InputError
        Naming the first such pair and its two lines.
    """
    found = _first_disagreement(table, numbers, "is_target")
    if found is None:
        return
    pair, place, others = found
    target, other = (pair.filter(pl.col("is_target") == kind)["number"][0] for kind in (True, False))
    raise InputError(
        f"{path}: {place} is a target trial in {unit} {target} and a non-target trial in {unit} {other}"
        f"{others}; keep the right one"
    )


def _first_disagreement(
    table: pl.DataFrame, numbers: pl.Series, name: str
) -> tuple[pl.DataFrame, str, str] | None:
    """Return the rows of the first pair with two values of a column, its name, and what more there is."""
    repeated = repeats(table)
    if repeated is None:
        return None
    rows = table.select(*_KEY, name).with_columns(number=numbers).filter(repeated)
    differing = rows.filter(pl.col(name).n_unique().over(*_KEY) > 1)
    if differing.height == 0:
        return None
    enrol, test, *_ = differing.row(0)
    pair = differing.filter((pl.col("enrol") == enrol) & (pl.col("test") == test))
    others = others_like_it(differing.select(_KEY).n_unique())
    return pair, f"'{shown(enrol)}' against '{shown(test)}'", others


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


def pairs_of_several_scores(table: pl.DataFrame) -> tuple[int, str]:
    """Return how many pairs of utterances have scores that differ, and the name of the first such pair."""
    repeated = repeats(table)
    if repeated is None:
        return 0, ""
    pairs = table.filter(repeated).group_by(_KEY, maintain_order=True).agg(pl.col("score").n_unique())
    pairs = pairs.filter(pl.col("score") > 1)
    if pairs.height == 0:
        return 0, ""
    enrol, test, _ = pairs.row(0)
    return pairs.height, f"'{shown(enrol)}' against '{shown(test)}'"


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
    found = _first_disagreement(records.table, records.numbers, "score")
    if found is None:
        return
    pair, place, others = found
    first, other = pair["number"][0], pair.filter(pl.col("score") != pair["score"][0])["number"][0]
    raise InputError(
        f"{path}: {place} has different scores in {records.unit} {first} and {records.unit} {other}{others}; "
        "the list has one trial for both, so keep one"
    )
