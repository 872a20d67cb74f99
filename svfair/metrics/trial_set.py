"""Scored trials, ready to be measured: checked and sorted once, speakers numbered."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svfair.errors import InputError, Parameter
from svfair.metrics.groups import TrialSpeakers, number_speakers
from svfair.metrics.inputs import as_booleans, as_floats, speaker_names
from svfair.metrics.results import BoolArray, FloatArray


@dataclass(frozen=True)
class TrialSet:
    """Trials in rising order of score; arrays of shape (trials,)."""

    scores: FloatArray
    is_target: BoolArray
    speakers: TrialSpeakers


def make_trial_set(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    enrol: Iterable[str | float],
    test: Iterable[str | float],
) -> TrialSet:
    """Check and sort trials.

    Parameters
    ----------
    scores, labels
        Shape (trials,): finite scores, higher for the same speaker, and whether it is.
    enrol, test
        The speaker of each side of each trial, as text or numbers: 100, 100.0 and "100" are one speaker.

    Raises
    ------
    InputError
        When the arrays differ in length, are empty, a score is not finite, a label is neither true (1) nor
        false (0), or a speaker is missing.
    """
    score_array, is_target = check_scores(scores, labels)
    sides = [speaker_names(side, name) for side, name in ((enrol, "enrol"), (test, "test"))]
    if not all(len(side) == len(score_array) for side in sides):
        raise InputError(
            "scores, labels, enrol and test differ in length "
            f"({len(score_array)}, {len(is_target)}, {len(sides[0])} and {len(sides[1])}); "
            "give one of each for every trial"
        )
    if not len(score_array):
        raise InputError("there are no trials")
    order = np.argsort(score_array, kind="stable")
    trials = number_speakers(*sides)
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
    score_array, is_target = as_floats(scores, "scores"), as_booleans(labels, "labels")
    if score_array.ndim != 1 or is_target.shape != score_array.shape:
        raise InputError(
            "scores and labels have one number a trial, not the shapes "
            f"{score_array.shape} and {is_target.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(score_array))
    if len(bad):
        raise InputError(
            Parameter("scores"),
            f": must be finite; {len(bad):,} are not, the first is "
            f"{score_array[bad[0]]} of trial {bad[0] + 1}",
        )
    return score_array, is_target
