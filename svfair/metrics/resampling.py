"""How intervals are made, and the evaluation that has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from svfair.metrics.attached_intervals import with_intervals
from svfair.metrics.bootstrap import BootstrapPlan, bootstrap
from svfair.metrics.groups import TrialGroups
from svfair.metrics.intervals import INTERVAL_KINDS, IntervalKind
from svfair.metrics.permutation import PermutationNull
from svfair.metrics.results import Evaluation, OperatingPoint
from svfair.metrics.thresholds import ThresholdRule
from svfair.metrics.trial_set import TrialSet


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
    replicates = bootstrap(trials, members, plan, point=point, rule=rule, on_hull=on_hull, progress=progress)
    settings = ("replicates", "permutations", "seed", "level", "kind")
    facts = {
        "unit": "speaker",
        "speakers": len(trials.speakers.names),
        "seeds": 1,
        **{name: getattr(resampling, name) for name in settings},
        "stratified": "yes" if resampling.strata else "no",
    }
    measured = with_intervals(replace(evaluation, resampling=facts, replicates=replicates))
    if not resampling.permutations:
        return measured
    null = PermutationNull(
        trials,
        evaluation.group_rule,
        evaluation.pooled_threshold,
        point,
        permutations=resampling.permutations,
        seed=resampling.seed,
    )
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
