"""How much a system differs from a baseline on the same trials: paired, so that what they share cancels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from svfair.metrics.resampling import changes
from svfair.metrics.resampling.intervals import NO_INTERVAL, effective_speakers, interval
from svfair.metrics.results import Attribute, Evaluation, FloatArray, Interval
from svfair.metrics.seeds import check_comparable
from svfair.metrics.settings import Resampling

#: Measures of a spread that are compared, and their slopes.
MEASURES = {"gap": changes.gap_slopes, "std": changes.std_slopes}


@dataclass(frozen=True)
class Change:
    """One figure of two systems.

    `difference` = other - baseline, `relative` = difference / baseline (NaN where the baseline is 0), with
    their intervals (NaN without replicates). All are fractions.
    """

    baseline: float
    other: float
    difference: float
    difference_interval: Interval
    relative: float
    relative_interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.difference_interval.low > 0 or self.difference_interval.high < 0


@dataclass(frozen=True)
class Comparison:
    """Every figure of another system against the baseline's.

    Parameters
    ----------
    baseline, other
        Names of the systems.
    groups
        (attribute, group) to rate to change; ("", "overall") for all trials.
    spreads
        (attribute, rate) to measure (of `MEASURES`) to change; only for attributes of which the same groups
        count in both systems.
    """

    baseline: str
    other: str
    groups: Mapping[tuple[str, str], Mapping[str, Change]]
    spreads: Mapping[tuple[str, str], Mapping[str, Change]]


def compare(baseline: Evaluation, other: Evaluation) -> Comparison:
    """Compare two systems on the same trials.

    With replicates of both, every difference and relative change has an interval over the same draws of
    speakers; what both systems find hard alike cancels in it. `resampling.changes` has those of gaps.

    Raises
    ------
    ValueError
        When the systems differ in trials, groups, seed, speakers or strata.
    """
    check_comparable(baseline, other)
    groups = {
        (name, group): _group_changes(baseline, other, (name, group)) for name, group in _names(baseline)
    }
    spreads = {}
    for mine in baseline.attributes:
        its = other.attribute(mine.name)
        if set(mine.counted) == set(its.counted) and len(mine.counted) > 1:
            for rate in mine.spreads:
                spreads[mine.name, rate] = _spread_changes(baseline, other, mine, its, rate)
    return Comparison(baseline.system, other.system, groups, spreads)


def _names(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [
        ("", "overall"),
        *((attribute.name, group.name) for attribute in evaluation.attributes for group in attribute.groups),
    ]


def _group_changes(baseline: Evaluation, other: Evaluation, key: tuple[str, str]) -> dict[str, Change]:
    before, after = (
        one.overall if not key[0] else one.attribute(key[0]).group(key[1]) for one in (baseline, other)
    )
    rates = baseline.replicates.rates if baseline.replicates else {"eer": None, "min_dcf": None}
    found = {}
    for rate in rates:
        columns = [
            None if one.replicates is None else one.replicates.rates[rate][:, one.replicates.column(*key)]
            for one in (baseline, other)
        ]
        values = getattr(before.errors, rate), getattr(after.errors, rate)
        found[rate] = _change(values, columns, baseline.settings.resampling, before.speakers)
    return found


def _spread_changes(
    baseline: Evaluation, other: Evaluation, mine: Attribute, its: Attribute, rate: str
) -> dict[str, Change]:
    """Return the changes of each measure of a spread."""
    found = {}
    for measure, slopes in MEASURES.items():
        before, after = (getattr(one.spreads[rate], measure) for one in (mine, its))
        relative = (after - before) / before if before else math.nan
        absolute_interval = relative_interval = NO_INTERVAL
        resampling = baseline.settings.resampling
        if resampling is not None and other.replicates is not None:
            level = resampling.level
            first = changes.sample_distance(before, *_rates(baseline, mine, rate), slopes)
            second = changes.sample_distance(after, *_rates(other, its, rate), slopes)
            speakers = effective_speakers([mine.group(name).speakers for name in mine.counted])
            absolute_interval = changes.difference_interval(first, second, level, speakers)
            relative_interval = changes.relative_interval(first, second, level, speakers)
        found[measure] = Change(before, after, after - before, absolute_interval, relative, relative_interval)
    return found


def _rates(evaluation: Evaluation, attribute: Attribute, rate: str) -> tuple[FloatArray, FloatArray]:
    """Return a rate of the counted groups: estimates (groups,) and replicates (replicates, groups)."""
    assert evaluation.replicates is not None
    counted = sorted(attribute.counted)
    columns = [evaluation.replicates.column(attribute.name, name) for name in counted]
    estimates = np.array([getattr(attribute.group(name).errors, rate) for name in counted])
    return estimates, evaluation.replicates.rates[rate][:, columns]


def _change(
    values: tuple[float, float],
    columns: list[FloatArray | None],
    resampling: Resampling | None,
    speakers: int,
) -> Change:
    before, after = values
    difference = after - before
    relative = difference / before if before else math.nan
    if columns[0] is None or columns[1] is None or resampling is None:
        return Change(before, after, difference, NO_INTERVAL, relative, NO_INTERVAL)
    bound = partial(interval, level=resampling.level, kind=resampling.kind, speakers=speakers)
    with np.errstate(divide="ignore", invalid="ignore"):
        relatives = columns[1] / columns[0] - 1
    # Where a replicate of the baseline is not above 0, a relative change means nothing.
    relatives[columns[0] <= 0] = np.nan
    return Change(
        before,
        after,
        difference,
        bound(difference, columns[1] - columns[0]),
        relative,
        bound(relative, relatives),
    )
