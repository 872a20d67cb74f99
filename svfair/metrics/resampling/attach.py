"""Intervals for everything that an evaluation holds, from its own replicates."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from svfair.metrics.groups import TrialGroups
from svfair.metrics.resampling.bootstrap import bootstrap
from svfair.metrics.resampling.intervals import (
    distance_interval,
    effective_speakers,
    error_free_interval,
    interval,
)
from svfair.metrics.resampling.permutation import PermutationNull
from svfair.metrics.resampling.rates import BAND, RATES
from svfair.metrics.resampling.spreads import fairness_intervals, spread_intervals
from svfair.metrics.results import (
    Attribute,
    DetectionBand,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    Replicates,
)
from svfair.metrics.settings import IntervalKind, Resampling
from svfair.metrics.trial_set import TrialSet

#: Figures that are shares of trials.
_SHARES = ("eer", "fnmr_at_pooled", "fmr_at_pooled")


def add_intervals(
    evaluation: Evaluation,
    trials: TrialSet,
    groupings: Mapping[str, TrialGroups],
    values: Mapping[str, Mapping[str, str | None]],
    resampling: Resampling,
    *,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Return the evaluation with intervals, bands, and the gaps that chance gives.

    Parameters
    ----------
    evaluation
        Without intervals.
    trials
        What it was measured on.
    groupings, values
        For each attribute the groups of trials, and the group of each speaker.
    resampling
        How; that of the evaluation's settings.
    progress
        Called with the number of replicates and permutations that have been done.
    """
    members = {(name, group): m for name, of in groupings.items() for group, m in of.members.items()}
    replicates = bootstrap(trials, members, resampling, evaluation.settings, progress=progress)
    measured = with_intervals(replace(evaluation, replicates=replicates))
    if not resampling.permutations:
        return measured
    null = PermutationNull(trials, evaluation.pooled_threshold, resampling, evaluation.settings)
    attributes = []
    for attribute in measured.attributes:
        spreads = attribute.spreads
        if len(attribute.counted) > 1:
            chances = null.chance(values[attribute.name], attribute.counted)
            spreads = {rate: replace(spread, chance=chances[rate]) for rate, spread in spreads.items()}
        attributes.append(replace(attribute, spreads=spreads))
        if progress is not None:
            progress(resampling.permutations)
    return replace(measured, attributes=tuple(attributes))


def with_intervals(evaluation: Evaluation) -> Evaluation:
    """Return the evaluation with the intervals that its replicates and settings give.

    Raises
    ------
    ValueError
        When nothing was resampled.
    """
    replicates, resampling = evaluation.replicates, evaluation.settings.resampling
    if replicates is None or resampling is None:
        raise ValueError("an evaluation without replicates has no intervals")
    level, kind = resampling.level, resampling.kind
    own = partial(_group, replicates=replicates, level=level, kind=kind)
    attributes = []
    for attribute in evaluation.attributes:
        groups = tuple(own(group, (attribute.name, group.name)) for group in attribute.groups)
        attribute = replace(attribute, groups=groups)
        if len(attribute.counted) > 1:
            attribute = _attribute(attribute, evaluation.overall.errors, replicates, level)
        attributes.append(attribute)
    overall = own(evaluation.overall, ("", "overall"))
    return replace(evaluation, overall=overall, attributes=tuple(attributes))


def _group(
    group: Group, key: tuple[str, str], *, replicates: Replicates, level: float, kind: IntervalKind
) -> Group:
    column = replicates.groups.index(key)
    settings: dict[str, Any] = {"level": level, "kind": kind, "speakers": group.speakers}
    intervals = {
        rate: interval(getattr(group.errors, rate), replicates.rates[rate][:, column], **settings)
        for rate in RATES
    }
    for rate in _SHARES:
        own = replicates.rates[rate][:, column]
        if getattr(group.errors, rate) == 0 and not np.nan_to_num(own).any():
            intervals[rate] = error_free_interval(level, group.speakers)
    tail = (1 - level) / 2
    bands = replicates.bands[:, column]
    if np.isnan(bands).all():
        return replace(group, intervals=intervals)
    low, high = np.nanquantile(bands, [tail, 1 - tail], axis=0)
    return replace(group, intervals=intervals, band=DetectionBand(BAND, low, high))


def _attribute(
    attribute: Attribute, overall: DetectionErrors, replicates: Replicates, level: float
) -> Attribute:
    counted = [group for group in attribute.groups if group.counted]
    columns = [replicates.column(attribute.name, group.name) for group in counted]
    speakers = effective_speakers([group.speakers for group in counted])
    bound = partial(distance_interval, level=level, speakers=speakers)
    rates = replicates.rates

    def of(rate: str) -> FloatArray:
        return np.array([getattr(group.errors, rate) for group in counted])

    spreads = {
        rate: replace(
            spread,
            intervals=spread_intervals(
                spread, of(rate), getattr(overall, rate), rates[rate][:, [0, *columns]], bound
            ),
        )
        for rate, spread in attribute.spreads.items()
    }
    swept = (replicates.sweep_fmr[:, columns], replicates.sweep_fnmr[:, columns])
    fairness = fairness_intervals(
        attribute.fairness,
        (of("fmr_at_pooled"), of("fnmr_at_pooled")),
        (rates["fmr_at_pooled"][:, columns], rates["fnmr_at_pooled"][:, columns]),
        # The estimates of the sweep are not kept: the replicates' own middle stands for them.
        (_middle(swept[0]), _middle(swept[1])),
        swept,
        bound,
    )
    return replace(attribute, spreads=spreads, fairness=replace(attribute.fairness, intervals=fairness))


def _middle(replicates: FloatArray) -> FloatArray:
    """Return the median over the first axis, without NaN where there is anything else."""
    known = ~np.isnan(replicates).all(0)
    middle = np.full(known.shape, np.nan)
    middle[known] = np.nanmedian(replicates[:, known], axis=0)
    return middle
