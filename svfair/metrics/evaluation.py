"""Errors of one system, overall and by groups of speakers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from svfair.metrics.detection import (
    detection_cost,
    equal_error_rate,
    error_curve_of_sorted,
    errors_at,
    minimum_detection_cost,
    thin,
)
from svfair.metrics.fairness import spread
from svfair.metrics.groups import UNKNOWN, GroupRule, TrialSpeakers, group_trials, number_speakers
from svfair.metrics.results import (
    Attribute,
    BoolArray,
    DetectionErrors,
    Evaluation,
    FloatArray,
    Group,
    OperatingPoint,
)

_SPREAD_OF = ("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled")


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
    minimum_speakers: int = 5,
    minimum_targets: int = 100,
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
    minimum_speakers, minimum_targets
        A group with fewer speakers or target trials is shown, but left out of the gap statistics; so is
        the group `unknown`.

    Raises
    ------
    ValueError
        When the arrays differ in length, are empty, or a score is not finite.
    """
    point = operating_point or OperatingPoint()
    score_array = np.asarray(scores, dtype=np.float64)
    target_array = np.asarray(is_target, dtype=np.bool_)
    if not len(score_array) == len(target_array) == len(enrol_speakers) == len(test_speakers):
        raise ValueError("scores, is_target, enrol_speakers and test_speakers differ in length")
    if not len(score_array):
        raise ValueError("there are no trials")
    if not np.isfinite(score_array).all():
        raise ValueError("scores must be finite")
    order = np.argsort(score_array, kind="stable")
    score_array, target_array = score_array[order], target_array[order]
    trials = number_speakers(enrol_speakers, test_speakers)
    trials = TrialSpeakers(trials.names, trials.enrol[order], trials.test[order])

    _, pooled = equal_error_rate(error_curve_of_sorted(score_array, target_array))
    overall = _group("overall", len(trials.names), score_array, target_array, pooled, point)
    results = []
    for attribute, values in attributes.items():
        groups = group_trials(trials, values, rule)
        measured = []
        for name, member in groups.members.items():
            group = _group(
                name, groups.speakers[name], score_array[member], target_array[member], pooled, point
            )
            measured.append(_flag(group, minimum_speakers, minimum_targets))
        counted = [group for group in measured if group.counted]
        spreads = {rate: spread({g.name: getattr(g.errors, rate) for g in counted}) for rate in _SPREAD_OF}
        results.append(Attribute(attribute, tuple(measured), spreads, groups.outside()))
    return Evaluation(
        system=system,
        overall=overall,
        pooled_threshold=pooled,
        attributes=tuple(results),
        operating_point=point,
        group_rule=rule,
        minimum_speakers=minimum_speakers,
        minimum_targets=minimum_targets,
    )


def _group(
    name: str, speakers: int, scores: FloatArray, is_target: BoolArray, pooled: float, point: OperatingPoint
) -> Group:
    curve = error_curve_of_sorted(scores, is_target)
    eer, eer_threshold = equal_error_rate(curve)
    min_dcf, min_dcf_threshold = minimum_detection_cost(curve, point)
    fnmr, fmr = errors_at(curve, pooled) if np.isfinite(pooled) else (float("nan"), float("nan"))
    missing = [
        kind for kind, count in (("target", curve.targets), ("non-target", curve.non_targets)) if not count
    ]
    errors = DetectionErrors(
        targets=curve.targets,
        non_targets=curve.non_targets,
        eer=eer,
        eer_threshold=eer_threshold,
        min_dcf=min_dcf,
        min_dcf_threshold=min_dcf_threshold,
        fnmr_at_pooled=fnmr,
        fmr_at_pooled=fmr,
        dcf_at_pooled=float(detection_cost(fnmr, fmr, point)),
        note=f"no {' and no '.join(missing)} trials" if missing else "",
    )
    return Group(name, speakers, errors, thin(curve))


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
    return Group(group.name, group.speakers, group.errors, group.curve, not reasons, "; ".join(reasons))
