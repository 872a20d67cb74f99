"""Scored trials, ready to be measured: sorted once, speakers numbered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svfair.metrics.groups import TrialSpeakers, number_speakers
from svfair.metrics.results import BoolArray, FloatArray


@dataclass(frozen=True)
class TrialSet:
    """Trials in rising order of score; arrays of shape (trials,)."""

    scores: FloatArray
    is_target: BoolArray
    speakers: TrialSpeakers


def make_trial_set(
    scores: npt.ArrayLike,
    is_target: npt.ArrayLike,
    enrol_speakers: Sequence[str],
    test_speakers: Sequence[str],
) -> TrialSet:
    """Check and sort trials.

    Parameters
    ----------
    scores, is_target
        Shape (trials,): finite scores, higher for the same speaker, and whether it is.
    enrol_speakers, test_speakers
        The speaker of each side of each trial.

    Raises
    ------
    ValueError
        When the arrays differ in length, are empty, a score is not finite, or `is_target` is neither true
        (1) nor false (0).
    """
    score_array = np.asarray(scores, dtype=np.float64)
    given = np.asarray(is_target)
    if score_array.ndim != 1 or given.ndim != 1:
        raise ValueError("scores and is_target have one number a trial")
    target_array = given.astype(np.bool_)
    # Labels of -1 and 1, or text, would all be true.
    if not np.array_equal(target_array, given):
        raise ValueError("is_target is true or false, or 1 or 0")
    if not len(score_array) == len(target_array) == len(enrol_speakers) == len(test_speakers):
        raise ValueError("scores, is_target, enrol_speakers and test_speakers differ in length")
    if not len(score_array):
        raise ValueError("there are no trials")
    if not np.isfinite(score_array).all():
        raise ValueError("scores must be finite")
    order = np.argsort(score_array, kind="stable")
    trials = number_speakers(enrol_speakers, test_speakers)
    return TrialSet(
        score_array[order],
        target_array[order],
        TrialSpeakers(trials.names, trials.enrol[order], trials.test[order]),
    )
