"""Scores that are distances: negated where the user says so, refused where he does not."""

import math
from dataclasses import replace

from svfair.audit.settings import AuditSettings
from svfair.errors import InputError, Parameter
from svfair.metrics.detection import equal_error, error_curve_of_sorted
from svfair.metrics.groups import TrialSpeakers
from svfair.metrics.settings import ThresholdRule
from svfair.metrics.trial_set import TrialSet

#: Scores that say nothing, as of a system that learned nothing, are above 50 % every second time. By so many
#: standard errors they are about once in a thousand times.
_MOST_ERRORS = 3.0


def higher_is_closer(trials: TrialSet, settings: AuditSettings, where: str) -> tuple[TrialSet, AuditSettings]:
    """Return trials whose scores are higher for the same speaker, and settings that fit them.

    Parameters
    ----------
    trials
        As they were read.
    settings
        With `lower_is_closer`; a threshold that is given is on the scale of the scores as they were read.
    where
        The file or system, for messages.

    Raises
    ------
    InputError
        When the equal error rate is above 50 % by more than chance, unless the settings say that higher is
        closer.
    """
    if settings.lower_is_closer:
        trials = TrialSet(-trials.scores[::-1], trials.is_target[::-1], _reversed(trials.speakers))
        if settings.threshold.is_given:
            settings = replace(settings, threshold=ThresholdRule("score", -settings.threshold.value))
    if settings.lower_is_closer is not False:
        eer, _ = equal_error(error_curve_of_sorted(trials.scores, trials.is_target))
        targets = int(trials.is_target.sum())
        if eer > 0.5 + _MOST_ERRORS * _standard_error(targets, len(trials.scores) - targets):
            _refuse(where, eer, negated=bool(settings.lower_is_closer))
    return trials, settings


def _standard_error(targets: int, non_targets: int) -> float:
    """Return how far the EER of scores that say nothing is from 50 %, typically; infinite without a kind."""
    return 0.25 * math.sqrt(1 / targets + 1 / non_targets) if targets and non_targets else math.inf


def _reversed(speakers: TrialSpeakers) -> TrialSpeakers:
    return TrialSpeakers(speakers.names, speakers.enrol[::-1], speakers.test[::-1])


def _refuse(where: str, eer: float, *, negated: bool) -> None:
    found = f"{where}: the EER over all trials is {100 * eer:.1f} %"
    if negated:
        raise InputError(
            f"{found} when lower scores count as closer, so they seem to be higher for the same speaker; "
            "leave out ",
            Parameter("lower_is_closer"),
        )
    raise InputError(
        f"{found}, so scores seem to be distances, lower for the same speaker; give ",
        Parameter("lower_is_closer"),
        " if they are (its opposite takes them as they are)",
    )
