"""Intervals for everything that an evaluation holds, from one set of replicates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from svfair.metrics.bootstrap import BootstrapPlan, Resampled, bootstrap
from svfair.metrics.groups import TrialGroups
from svfair.metrics.intervals import INTERVAL_KINDS, IntervalKind, distance_interval, interval
from svfair.metrics.permutation import PermutationNull
from svfair.metrics.results import (
    Attribute,
    Chance,
    DetectionBand,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    OperatingPoint,
)
from svfair.metrics.spread_intervals import fairness_intervals, spread_intervals
from svfair.metrics.thresholds import ThresholdRule
from svfair.metrics.trial_set import TrialSet
from svfair.metrics.weighted_rates import BAND, RATES


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Parameters
    ----------
    replicates
        Bootstrap replicates over speakers.
    permutations
        Shuffles of group labels for the gap that chance gives; 0 for none.
    seed
        Of both. Two systems on the same trials with the same seed have the same draws.
    level
        Nominal coverage of intervals.
    kind
        Of the intervals of rates: `percentile` or `basic`. Those of gaps and other distances have a kind of
        their own: see `distance_interval`.
    strata
        Speaker to stratum; each keeps its number of speakers in every replicate. Empty for none.

    Raises
    ------
    ValueError
        When a value is out of range.
    """

    replicates: int = 1000
    permutations: int = 1000
    seed: int = 0
    level: float = 0.95
    kind: IntervalKind = "percentile"
    strata: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.replicates < 2 or self.permutations < 0:
            raise ValueError("intervals need at least 2 replicates and no negative number of permutations")
        if not 0 < self.level < 1:
            raise ValueError(f"the level of intervals lies between 0 and 1, not {self.level}")
        if self.kind not in INTERVAL_KINDS:
            raise ValueError(f"interval kind '{self.kind}' is none of {', '.join(INTERVAL_KINDS)}")


def add_intervals(
    evaluation: Evaluation,
    trials: TrialSet,
    groupings: Mapping[str, TrialGroups],
    values: Mapping[str, Mapping[str, str | None]],
    resampling: Resampling,
    *,
    point: OperatingPoint,
    rule: ThresholdRule,
    on_hull: bool = False,
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
        How.
    point, rule, on_hull
        As the evaluation was made.
    progress
        Called with the number of replicates and permutations that have been done.
    """
    members = {(name, group): m for name, of in groupings.items() for group, m in of.members.items()}
    plan = BootstrapPlan(resampling.replicates, resampling.seed, resampling.strata)
    resampled = bootstrap(trials, members, plan, point=point, rule=rule, on_hull=on_hull, progress=progress)
    null = None
    if resampling.permutations and any(len(attribute.counted) > 1 for attribute in evaluation.attributes):
        null = PermutationNull(
            trials,
            evaluation.group_rule,  # type: ignore[arg-type]
            evaluation.pooled_threshold,
            point,
            permutations=resampling.permutations,
            seed=resampling.seed,
        )
    attributes = []
    overall = evaluation.overall.errors
    for attribute in evaluation.attributes:
        chances: Mapping[str, Chance] = {}
        if null is not None and len(attribute.counted) > 1:
            chances = null.chance(values[attribute.name], attribute.counted)
            if progress is not None:
                progress(resampling.permutations)
        attributes.append(_with_intervals(attribute, overall, resampled, resampling, chances))
    return replace(
        evaluation,
        overall=_group(evaluation.overall, ("", "overall"), resampled, resampling),
        attributes=tuple(attributes),
        resampling={
            "unit": "speaker",
            "speakers": len(trials.speakers.names),
            "replicates": resampling.replicates,
            "permutations": resampling.permutations,
            "seed": resampling.seed,
            "level": resampling.level,
            "kind": resampling.kind,
            "stratified": "yes" if resampling.strata else "no",
        },
        replicates=resampled.replicates,
    )


def _group(group: Group, key: tuple[str, str], resampled: Resampled, resampling: Resampling) -> Group:
    column = resampled.replicates.groups.index(key)
    intervals = {
        rate: interval(
            getattr(group.errors, rate),
            resampled.replicates.rates[rate][:, column],
            level=resampling.level,
            kind=resampling.kind,
            speakers=group.speakers,
        )
        for rate in RATES
    }
    tail = (1 - resampling.level) / 2
    bands = resampled.bands[:, column]
    if np.isnan(bands).all():
        return replace(group, intervals=intervals)
    low, high = np.nanquantile(bands, [tail, 1 - tail], axis=0)
    return replace(group, intervals=intervals, band=DetectionBand(BAND, low, high))


def _with_intervals(
    attribute: Attribute,
    overall: DetectionErrors,
    resampled: Resampled,
    resampling: Resampling,
    chances: Mapping[str, Chance],
) -> Attribute:
    groups = tuple(
        _group(group, (attribute.name, group.name), resampled, resampling) for group in attribute.groups
    )
    counted = [group for group in groups if group.counted]
    if len(counted) < 2:
        return replace(attribute, groups=groups)
    columns = [resampled.replicates.column(attribute.name, group.name) for group in counted]
    # A distance can be no surer than the rate of its smallest group.
    bound = partial(
        distance_interval, level=resampling.level, speakers=min(group.speakers for group in counted)
    )
    rates = resampled.replicates.rates

    def of(rate: str) -> FloatArray:
        return np.array([getattr(group.errors, rate) for group in counted])

    spreads = {
        rate: replace(
            spread,
            intervals=spread_intervals(
                spread, of(rate), getattr(overall, rate), rates[rate][:, [0, *columns]], bound
            ),
            chance=chances.get(rate),
        )
        for rate, spread in attribute.spreads.items()
    }
    swept = (resampled.sweep_fmr[:, columns], resampled.sweep_fnmr[:, columns])
    fairness = fairness_intervals(
        attribute.fairness,
        (of("fmr_at_pooled"), of("fnmr_at_pooled")),
        (rates["fmr_at_pooled"][:, columns], rates["fnmr_at_pooled"][:, columns]),
        # The estimates of the sweep are not kept: the replicates' own middle stands for them.
        (np.nanmedian(swept[0], axis=0), np.nanmedian(swept[1], axis=0)),
        swept,
        bound,
    )
    return replace(
        attribute, groups=groups, spreads=spreads, fairness=replace(attribute.fairness, intervals=fairness)
    )
