"""Intervals for everything that an evaluation holds, from its own replicates."""

from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from svfair.metrics.intervals import (
    IntervalKind,
    distance_interval,
    effective_speakers,
    error_free_interval,
    interval,
)
from svfair.metrics.results import (
    Attribute,
    DetectionBand,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    Replicates,
)
from svfair.metrics.spread_intervals import fairness_intervals, spread_intervals
from svfair.metrics.weighted_rates import BAND, RATES

#: Figures that are shares of trials.
_SHARES = ("eer", "fnmr_at_pooled", "fmr_at_pooled")


def with_intervals(evaluation: Evaluation) -> Evaluation:
    """Return the evaluation with the intervals that its `replicates` and `resampling` say.

    Raises
    ------
    ValueError
        When nothing was resampled.
    """
    replicates = evaluation.replicates
    if replicates is None:
        raise ValueError("an evaluation without replicates has no intervals")
    level = float(evaluation.resampling["level"])
    kind = cast(IntervalKind, evaluation.resampling["kind"])
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
