"""Several training runs of one system, differing in their seed, as one system."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from svfair.metrics import fairness
from svfair.metrics.resampling.attach import with_intervals
from svfair.metrics.results import (
    Attribute,
    DetectionCurve,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    Replicates,
    ScoreHistogram,
)
from svfair.metrics.settings import Resampling

#: False match rates at which the DET curves of the seeds are averaged.
_GRID = np.r_[0.0, np.logspace(-5, 0, 200)]


def pool_seeds(evaluations: Sequence[Evaluation], system: str) -> Evaluation:
    """Return the mean over the seeds of a system, with intervals over speakers and seeds.

    A figure is the mean of the seeds' figures; gaps and other distances are those of the mean rates, not the
    mean of distances, which noise would enlarge (but for the area under FDR, whose rates are not kept). A
    replicate draws speakers, the same for all seeds, and moves the mean of k seeds as Student's t with k - 1
    degrees of freedom does, as few seeds tell little of how seeds vary: two leave wide intervals. With one
    seed nothing is known of it, and the intervals are those over speakers alone. The k-th seeds of two
    systems move together, so that seeds which share their start and their batches are compared pairwise.
    What was found by permutation is not pooled.

    Parameters
    ----------
    evaluations
        One a seed, on the same trials with the same settings.
    system
        Name of the whole.

    Raises
    ------
    ValueError
        When there is none, or they are not of the same trials, groups and draws.
    """
    if not isinstance(evaluations, Iterable):
        raise ValueError(f"evaluations must be a list, not {type(evaluations).__name__}")
    evaluations = list(evaluations)
    for given in evaluations:
        _check_kind(given)
    first = evaluations[0] if evaluations else None
    if first is None:
        raise ValueError("there are no seeds to pool")
    if len(evaluations) == 1:
        return replace(first, system=system)
    for other in evaluations[1:]:
        check_comparable(first, other)
    overall = _group([evaluation.overall for evaluation in evaluations])
    attributes = tuple(
        _attribute([evaluation.attributes[number] for evaluation in evaluations], overall)
        for number in range(len(first.attributes))
    )
    pooled = replace(
        first,
        system=system,
        overall=overall,
        attributes=attributes,
        pooled_threshold=float(np.mean([evaluation.pooled_threshold for evaluation in evaluations])),
        seeds=len(evaluations),
    )
    if first.replicates is None:
        return pooled
    replicates = [evaluation.replicates for evaluation in evaluations if evaluation.replicates is not None]
    resampling = replace(first.settings.resampling or Resampling(), permutations=0)
    together = _replicates(replicates, resampling.seed)
    settings = replace(first.settings, resampling=resampling)
    return with_intervals(replace(pooled, settings=settings, replicates=together))


def check_comparable(first: Evaluation, other: Evaluation) -> None:
    """Check that two systems were measured on the same trials and groups, in one way, with the same draws.

    Raises
    ------
    ValueError
        When they were not.
    """
    _check_kind(first)
    _check_kind(other)
    pair = f"{first.system} and {other.system}"
    for one, another in zip(_counts(first), _counts(other), strict=False):
        if one != another:
            raise ValueError(f"{pair} differ in their trials: {one} against {another}")
    if len(_counts(first)) != len(_counts(other)):
        raise ValueError(f"{pair} differ in their groups")
    mine, its = first.settings, other.settings
    if mine.operating_point != its.operating_point:
        raise ValueError(f"{pair} differ in their operating point")
    if mine.on_hull != its.on_hull:
        raise ValueError(f"{pair} differ in how EERs are made: {mine.eer_kind} against {its.eer_kind}")
    if (first.replicates is None) != (other.replicates is None):
        raise ValueError(f"of {pair} only one has intervals")
    if first.replicates and other.replicates and first.replicates.draws != other.replicates.draws:
        raise ValueError(f"{pair} were resampled with other seeds, speakers or strata")


def _check_kind(given: object) -> None:
    if not isinstance(given, Evaluation):
        raise ValueError(f"evaluations are compared, not {type(given).__name__}; an audit has one")


def _counts(evaluation: Evaluation) -> list[tuple[str, str, int, int]]:
    groups = [("", evaluation.overall)]
    groups += [(attribute.name, group) for attribute in evaluation.attributes for group in attribute.groups]
    return [(name, group.name, group.errors.targets, group.errors.non_targets) for name, group in groups]


def _group(groups: Sequence[Group]) -> Group:
    errors = [group.errors for group in groups]
    means: dict[str, Any] = {
        field.name: float(np.mean([getattr(one, field.name) for one in errors]))
        for field in fields(DetectionErrors)
        if field.name not in ("targets", "non_targets", "note")
    }
    curve = DetectionCurve(
        _GRID[::-1], np.mean([_fnmr(group.curve, _GRID) for group in groups], axis=0)[::-1]
    )
    return replace(groups[0], errors=replace(errors[0], **means), curve=curve, histogram=_histogram(groups))


def _histogram(groups: Sequence[Group]) -> ScoreHistogram | None:
    """Add up the counts where the seeds share their edges; scores of several seeds seldom do."""
    known = [group.histogram for group in groups if group.histogram is not None]
    if not known or any(not np.array_equal(one.edges, known[0].edges) for one in known):
        return None
    targets, non_targets = (
        np.sum([getattr(one, side) for one in known], axis=0) for side in ("targets", "non_targets")
    )
    return ScoreHistogram(known[0].edges, targets, non_targets)


def _fnmr(curve: DetectionCurve, fmr: FloatArray) -> FloatArray:
    return np.interp(fmr, curve.fmr[::-1], curve.fnmr[::-1])


def _attribute(attributes: Sequence[Attribute], overall: Group) -> Attribute:
    groups = tuple(_group(group) for group in zip(*(one.groups for one in attributes), strict=True))
    counted = [group for group in groups if group.counted]
    area = float(np.mean([one.fairness.area_under_fdr for one in attributes]))
    return replace(
        attributes[0],
        groups=groups,
        spreads=fairness.spreads(counted, overall.errors),
        fairness=fairness.merits(counted, area),
    )


def _replicates(seeds: Sequence[Replicates], seed: int) -> Replicates:
    count, (replicates, _) = len(seeds), next(iter(seeds[0].rates.values())).shape
    # Draws of their own: those of the speakers are made from the seed itself.
    random = np.random.default_rng([seed, count])
    # Normal weights of the seeds' deviations have the variance s^2 / k of a mean; the chi-square factor makes
    # it t instead of normal, for s is an estimate.
    normal = random.normal(size=(replicates, count))
    normal -= normal.mean(1, keepdims=True)
    widened = np.sqrt((count - 1) / random.chisquare(count - 1, size=(replicates, 1)))
    shares = 1 / count + normal * widened / np.sqrt(count * (count - 1))

    def mean(arrays: Sequence[FloatArray]) -> FloatArray:
        values = np.array(arrays)
        weights = shares.T.reshape(count, replicates, *(1,) * (values.ndim - 2))
        # A rate is never negative, as a weight can make it where seeds differ much.
        return np.asarray((weights * values).sum(0).clip(min=0))

    return Replicates(
        groups=seeds[0].groups,
        rates={rate: mean([one.rates[rate] for one in seeds]) for rate in seeds[0].rates},
        sweep_fmr=mean([one.sweep_fmr for one in seeds]),
        sweep_fnmr=mean([one.sweep_fnmr for one in seeds]),
        bands=mean([one.bands for one in seeds]),
        draws=seeds[0].draws,
    )
