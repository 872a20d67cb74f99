"""Scored trials, ready to be measured: checked and sorted once, speakers numbered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svfair.errors import InputError, Parameter
from svfair.metrics.groups import TrialSpeakers, number_speakers
from svfair.metrics.results import BoolArray, FloatArray


@dataclass(frozen=True)
class TrialSet:
    """Trials in rising order of score; arrays of shape (trials,)."""

    scores: FloatArray
    is_target: BoolArray
    speakers: TrialSpeakers


def make_trial_set(
    scores: npt.ArrayLike, labels: npt.ArrayLike, enrol: Sequence[str], test: Sequence[str]
) -> TrialSet:
    """Check and sort trials.

    Parameters
    ----------
    scores, labels
        Shape (trials,): finite scores, higher for the same speaker, and whether it is.
    enrol, test
        The speaker of each side of each trial.

    Raises
    ------
    InputError
        When the arrays differ in length, are empty, a score is not finite, or a label is neither true (1)
        nor false (0).
    """
    score_array, is_target = check_scores(scores, labels)
    if not len(score_array) == len(enrol) == len(test):
        raise InputError("scores, labels, enrol and test differ in length; give one of each for every trial")
    if not len(score_array):
        raise InputError("there are no trials")
    order = np.argsort(score_array, kind="stable")
    trials = number_speakers(enrol, test)
    return TrialSet(
        score_array[order],
        is_target[order],
        TrialSpeakers(trials.names, trials.enrol[order], trials.test[order]),
    )


def check_scores(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Return scores as float64 and labels as booleans, each of shape (trials,).

    Raises
    ------
    InputError
        When they differ in length or shape, a score is not finite, or a label is neither true (1) nor
        false (0).
    """
    score_array = np.asarray(scores, dtype=np.float64)
    given = np.asarray(labels)
    if score_array.ndim != 1 or given.shape != score_array.shape:
        raise InputError(
            f"scores and labels have one number a trial, not the shapes {score_array.shape} and {given.shape}"
        )
    is_target = given.astype(np.bool_)
    # Labels of -1 and 1, or text, would all be true.
    if not np.array_equal(is_target, given):
        raise InputError(Parameter("labels"), ": must be true or false, or 1 or 0")
    if not np.isfinite(score_array).all():
        raise InputError(Parameter("scores"), ": must be finite")
    return score_array, is_target
