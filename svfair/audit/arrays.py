"""Trials that came as arrays, held against what is known of speakers as those of a file are."""

from collections.abc import Collection

import numpy as np

from svfair.audit.notes import Note
from svfair.errors import InputError, Parameter, shown
from svfair.metrics.trial_set import TrialSet
from svfair.trials.scored import MOST_CONTRADICTIONS


def check_trials(trials: TrialSet, known: Collection[str]) -> tuple[Note, ...]:
    """Check that labels and speakers belong together.

    Parameters
    ----------
    trials
        Scored trials.
    known
        Speakers of whom something is known.

    Returns
    -------
    tuple of Note
        Few trials whose label and speakers contradict each other; they count as they are labelled.

    Raises
    ------
    InputError
        When no speaker is known, or so many target trials are between two speakers that labels or speakers
        cannot be right.
    """
    speakers = trials.speakers
    if not any(name in known for name in speakers.names):
        theirs = f", which has {len(known):,}, such as '{shown(min(known))}'" if known else ", which is empty"
        some = f"{len(speakers.names):,} speakers of the trials, such as '{shown(speakers.names[0])}'"
        raise InputError(
            f"none of the {some}, is in ",
            Parameter("speakers"),
            f"{theirs}; call them by the same names",
        )
    same = speakers.enrol == speakers.test
    crossed = np.flatnonzero(trials.is_target & ~same)
    targets = int(np.count_nonzero(trials.is_target))
    if len(crossed) > MOST_CONTRADICTIONS * max(1, targets):
        first, other = (speakers.names[side[crossed[0]]] for side in (speakers.enrol, speakers.test))
        raise InputError(
            Parameter("labels"),
            f": {len(crossed):,} of {targets:,} target trials are between two speakers, such as "
            f"'{shown(first)}' and '{shown(other)}'; a label is true or 1 where both are one speaker",
        )
    of_one = int(np.count_nonzero(~trials.is_target & same))
    notes = [Note("targets_of_two_speakers", len(crossed))] if len(crossed) else []
    return (*notes, *([Note("non_targets_of_one_speaker", of_one)] if of_one else []))
