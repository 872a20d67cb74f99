"""Errors of one system, overall and by groups of speakers, with or without intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from svfair.metrics import fairness
from svfair.metrics.calibration import actual_detection_cost, cllr, hull_equal_error_rate, min_cllr
from svfair.metrics.detection import (
    ErrorCurve,
    detection_cost,
    equal_error_rate,
    error_curve_of_sorted,
    errors_at,
    minimum_detection_cost,
    thin,
)
from svfair.metrics.groups import UNKNOWN, TrialGroups, group_trials
from svfair.metrics.resampling import Resampling, add_intervals
from svfair.metrics.results import (
    Attribute,
    BoolArray,
    DetectionErrors,
    Evaluation,
    Fairness,
    FloatArray,
    Group,
    GroupRule,
    OperatingPoint,
    ScoreHistogram,
)
from svfair.metrics.thresholds import ThresholdRule, pooled_threshold
from svfair.metrics.trial_set import TrialSet, make_trial_set
from svfair.metrics.weighted_rates import SWEEP

#: Bins of the histograms of scores.
_HISTOGRAM_BINS = 60

_SPREAD_OF = ("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled")


def evaluate(
    scores: npt.ArrayLike,
    is_target: npt.ArrayLike,
    enrol_speakers: Sequence[str],
    test_speakers: Sequence[str],
    attributes: Mapping[str, Mapping[str, str | None]],
    *,
    system: str = "system",
    operating_point: OperatingPoint | None = None,
    rule: GroupRule = "both",
    threshold: ThresholdRule | None = None,
    on_hull: bool = False,
    minimum_speakers: int = 5,
    minimum_targets: int = 100,
    resampling: Resampling | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Measure detection errors overall and by group.

    Parameters
    ----------
    scores, is_target
        Shape (trials,): finite scores, higher for the same speaker, and whether it is.
    enrol_speakers, test_speakers
        The speaker of each side of each trial.
    attributes
        For each attribute, speaker to value; a speaker without one is in the group `unknown`.
    system
        Name in tables.
    operating_point
        Of the detection cost.
    rule
        Which trials belong to a group; see `group_trials`.
    threshold
        How the one threshold for all groups is chosen; by default at equal error over all trials.
    on_hull
        Whether EERs are those of the ROC's convex hull rather than interpolated.
    minimum_speakers, minimum_targets
        A group with fewer speakers or target trials is shown, but left out of the gap statistics; so is
        the group `unknown`.
    resampling
        How intervals are made; None for none.
    progress
        Called with the number of replicates and permutations that have been done.

    Raises
    ------
    ValueError
        When the arrays differ in length, are empty, or a score is not finite.
    """
    point = operating_point or OperatingPoint()
    threshold = threshold or ThresholdRule()
    trials = make_trial_set(scores, is_target, enrol_speakers, test_speakers)
    pooled_curve = error_curve_of_sorted(trials.scores, trials.is_target)
    pooled = pooled_threshold(pooled_curve, threshold, point)
    sweep = np.array(
        [pooled_threshold(pooled_curve, ThresholdRule("fmr", float(fmr)), point) for fmr in SWEEP]
    )

    everything = np.ones(len(trials.scores), dtype=np.bool_)
    overall, _ = _group("overall", len(trials.speakers.names), trials, everything, pooled, point, on_hull)
    groupings = {name: group_trials(trials.speakers, values, rule) for name, values in attributes.items()}
    results = []
    for name, grouping in groupings.items():
        measured, curves = [], {}
        for group_name, member in grouping.members.items():
            group, curve = _group(
                group_name, grouping.speakers[group_name], trials, member, pooled, point, on_hull
            )
            measured.append(_flag(group, minimum_speakers, minimum_targets))
            if measured[-1].counted:
                curves[group_name] = curve
        results.append(_attribute(name, measured, curves, grouping, overall, sweep))
    evaluation = Evaluation(
        system=system,
        overall=overall,
        pooled_threshold=pooled,
        attributes=tuple(results),
        operating_point=point,
        group_rule=rule,
        minimum_speakers=minimum_speakers,
        minimum_targets=minimum_targets,
        threshold_rule=str(threshold),
        eer_kind="convex hull" if on_hull else "interpolated",
    )
    if resampling is None:
        return evaluation
    return add_intervals(
        evaluation,
        trials,
        groupings,
        attributes,
        resampling,
        point=point,
        rule=threshold,
        on_hull=on_hull,
        progress=progress,
    )


def _attribute(
    name: str,
    groups: Sequence[Group],
    curves: Mapping[str, ErrorCurve],
    grouping: TrialGroups,
    overall: Group,
    sweep: FloatArray,
) -> Attribute:
    counted = [group for group in groups if group.counted]
    spreads = {
        rate: fairness.spread(
            {group.name: getattr(group.errors, rate) for group in counted}, getattr(overall.errors, rate)
        )
        for rate in _SPREAD_OF
    }
    return Attribute(
        name, tuple(groups), spreads, grouping.outside(), _fairness(counted, list(curves.values()), sweep)
    )


def _fairness(groups: Sequence[Group], curves: Sequence[ErrorCurve], sweep: FloatArray) -> Fairness:
    if len(groups) < 2:
        return Fairness()
    fmr = np.array([group.errors.fmr_at_pooled for group in groups])
    fnmr = np.array([group.errors.fnmr_at_pooled for group in groups])
    swept = np.array([[errors_at(curve, float(at)) for at in sweep] for curve in curves])
    return Fairness(
        fdr=float(fairness.fairness_discrepancy_rate(fmr, fnmr)),
        inequity_rate=float(fairness.inequity_rate(fmr, fnmr)),
        garbe=float(fairness.garbe(fmr, fnmr)),
        area_under_fdr=float(fairness.area_under_fdr(swept[..., 1], swept[..., 0])),
    )


def _group(
    name: str,
    speakers: int,
    trials: TrialSet,
    member: BoolArray,
    pooled: float,
    point: OperatingPoint,
    on_hull: bool,
) -> tuple[Group, ErrorCurve]:
    scores, is_target = trials.scores[member], trials.is_target[member]
    curve = error_curve_of_sorted(scores, is_target)
    eer, eer_threshold = equal_error_rate(curve)
    min_dcf, min_dcf_threshold = minimum_detection_cost(curve, point)
    # An infinite threshold rejects all.
    fnmr, fmr = (float("nan"), float("nan")) if np.isnan(pooled) else errors_at(curve, pooled)
    missing = [
        kind for kind, count in (("target", curve.targets), ("non-target", curve.non_targets)) if not count
    ]
    errors = DetectionErrors(
        targets=curve.targets,
        non_targets=curve.non_targets,
        eer=hull_equal_error_rate(curve) if on_hull else eer,
        eer_threshold=eer_threshold,
        min_dcf=min_dcf,
        min_dcf_threshold=min_dcf_threshold,
        fnmr_at_pooled=fnmr,
        fmr_at_pooled=fmr,
        dcf_at_pooled=float(detection_cost(fnmr, fmr, point)),
        actual_dcf=actual_detection_cost(curve, point),
        cllr=cllr(scores, is_target),
        min_cllr=min_cllr(curve),
        note=f"no {' and no '.join(missing)} trials" if missing else "",
    )
    histogram = _histogram(scores, is_target, (trials.scores[0], trials.scores[-1]))
    return Group(name, speakers, errors, thin(curve), histogram=histogram), curve


def _histogram(scores: FloatArray, is_target: BoolArray, ends: tuple[float, float]) -> ScoreHistogram:
    low, high = ends
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _HISTOGRAM_BINS + 1)
    targets, non_targets = (
        np.histogram(scores[side], edges)[0].astype(np.float64) for side in (is_target, ~is_target)
    )
    return ScoreHistogram(edges, targets, non_targets)


def _flag(group: Group, minimum_speakers: int, minimum_targets: int) -> Group:
    reasons = []
    if group.name == UNKNOWN:
        reasons.append("attribute not known")
    if group.speakers < minimum_speakers:
        plural = "" if group.speakers == 1 else "s"
        reasons.append(f"{group.speakers} speaker{plural}, fewer than {minimum_speakers}")
    if group.errors.targets < minimum_targets:
        reasons.append(f"{group.errors.targets} target trials, fewer than {minimum_targets}")
    if group.errors.note:
        reasons.append(group.errors.note)
    return replace(group, counted=not reasons, note="; ".join(reasons))
