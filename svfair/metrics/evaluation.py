"""Errors of one system, overall and by groups of speakers, with or without intervals."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from svfair.errors import InputError, Parameter
from svfair.metrics import fairness
from svfair.metrics.calibration import actual_detection_cost, cllr, hull_equal_error_rate, min_cllr
from svfair.metrics.detection import (
    ErrorCurve,
    detection_cost,
    equal_error,
    error_curve_of_sorted,
    errors_at,
    minimum_detection_cost,
    thin,
)
from svfair.metrics.groups import TrialGroups, group_trials
from svfair.metrics.inputs import named_attributes
from svfair.metrics.resampling.attach import add_intervals
from svfair.metrics.resampling.rates import SWEEP
from svfair.metrics.results import (
    Attribute,
    BoolArray,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    ScoreHistogram,
)
from svfair.metrics.settings import Settings, ThresholdRule
from svfair.metrics.thresholds import pooled_threshold
from svfair.metrics.trial_set import TrialSet
from svfair.missing import UNKNOWN

#: Bins of the histograms of scores.
_HISTOGRAM_BINS = 60


def evaluate(
    trials: TrialSet,
    attributes: Mapping[str, Mapping[str, str | None]],
    settings: Settings | None = None,
    *,
    system: str = "system",
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Measure detection errors overall and by group.

    Parameters
    ----------
    trials
        From `make_trial_set`.
    attributes
        For each attribute, speaker to value; a speaker without one (none, or None, NaN, NA or empty text) is
        in the group `unknown`. Speakers may be text or numbers: 100, 100.0 and "100" are one.
    settings
        How; without intervals by default.
    system
        Name in tables.
    progress
        Called with the number of replicates and permutations that have been done.

    Raises
    ------
    InputError
        When the trials, the attributes or the settings are something else.
    """
    settings = settings or Settings()
    for name, given, wanted in (("trials", trials, TrialSet), ("settings", settings, Settings)):
        if not isinstance(given, wanted):
            raise InputError(Parameter(name), f": must be {wanted.__name__}, not {type(given).__name__}")
    attributes = named_attributes(attributes)
    if settings.resampling is not None and settings.resampling.strata:
        strata = named_attributes({"strata": settings.resampling.strata})["strata"]
        settings = replace(settings, resampling=replace(settings.resampling, strata=strata))
    point = settings.operating_point
    pooled_curve = error_curve_of_sorted(trials.scores, trials.is_target)
    pooled = pooled_threshold(pooled_curve, settings.threshold, point)
    sweep = np.array(
        [pooled_threshold(pooled_curve, ThresholdRule("fmr", float(fmr)), point) for fmr in SWEEP]
    )
    everything = np.ones(len(trials.scores), dtype=np.bool_)
    overall, _ = _group("overall", len(trials.speakers.names), trials, everything, pooled, settings)
    groupings = {
        name: group_trials(trials.speakers, values, settings.rule) for name, values in attributes.items()
    }
    results = []
    for name, grouping in groupings.items():
        measured, curves = [], {}
        for group_name, member in grouping.members.items():
            speakers = grouping.speakers[group_name]
            group, curve = _group(group_name, speakers, trials, member, pooled, settings)
            measured.append(_flag(group, settings))
            if measured[-1].counted:
                curves[group_name] = curve
        results.append(_attribute(name, measured, curves, grouping, overall, sweep))
    evaluation = Evaluation(system, overall, pooled, tuple(results), settings)
    if settings.resampling is None:
        return evaluation
    return add_intervals(evaluation, trials, groupings, attributes, settings.resampling, progress=progress)


def _attribute(
    name: str,
    groups: Sequence[Group],
    curves: Mapping[str, ErrorCurve],
    grouping: TrialGroups,
    overall: Group,
    sweep: FloatArray,
) -> Attribute:
    counted = [group for group in groups if group.counted]
    area = math.nan
    if len(counted) > 1:
        swept = np.array([[errors_at(curve, float(at)) for at in sweep] for curve in curves.values()])
        area = float(fairness.area_under_fdr(swept[..., 1], swept[..., 0]))
    return Attribute(
        name,
        tuple(groups),
        fairness.spreads(counted, overall.errors),
        grouping.outside(),
        fairness.merits(counted, area),
    )


def _group(
    name: str,
    speakers: int,
    trials: TrialSet,
    member: BoolArray,
    pooled: float,
    settings: Settings,
) -> tuple[Group, ErrorCurve]:
    point = settings.operating_point
    scores, is_target = trials.scores[member], trials.is_target[member]
    curve = error_curve_of_sorted(scores, is_target)
    eer, eer_threshold = equal_error(curve)
    min_dcf, min_dcf_threshold = minimum_detection_cost(curve, point)
    # An infinite threshold rejects all.
    fnmr, fmr = (math.nan, math.nan) if np.isnan(pooled) else errors_at(curve, pooled)
    missing = [
        kind for kind, count in (("target", curve.targets), ("non-target", curve.non_targets)) if not count
    ]
    errors = DetectionErrors(
        targets=curve.targets,
        non_targets=curve.non_targets,
        eer=hull_equal_error_rate(curve) if settings.on_hull else eer,
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


def _flag(group: Group, settings: Settings) -> Group:
    reasons = []
    if group.name == UNKNOWN:
        reasons.append("attribute not known")
    if group.speakers < settings.minimum_speakers:
        plural = "" if group.speakers == 1 else "s"
        reasons.append(f"{group.speakers} speaker{plural}, fewer than {settings.minimum_speakers}")
    if group.errors.targets < settings.minimum_targets:
        reasons.append(f"{group.errors.targets} target trials, fewer than {settings.minimum_targets}")
    if group.errors.note:
        reasons.append(group.errors.note)
    return replace(group, counted=not reasons, note="; ".join(reasons))
