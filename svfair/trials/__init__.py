"""Trial lists and scores: formats, labels, designs, checks."""

from svfair.trials.balanced import BalancedTrials, balance_trials
from svfair.trials.checks import TrialCheck, check_trials
from svfair.trials.counts import count_by_group
from svfair.trials.files import (
    TrialList,
    read_scores,
    read_scores_leniently,
    read_trial_list,
    read_trials,
    speaker_of,
    write_trials,
)
from svfair.trials.hard import design_trials, speakers_without_trials
from svfair.trials.list_hash import hash_of_list
from svfair.trials.scored import ScoredTrials, ScoreFiles, check_same_list, read_scored_trials
from svfair.trials.trained import TrainedTrials, count_trained

__all__ = [
    "BalancedTrials",
    "ScoreFiles",
    "ScoredTrials",
    "TrainedTrials",
    "TrialCheck",
    "TrialList",
    "balance_trials",
    "check_same_list",
    "check_trials",
    "count_by_group",
    "count_trained",
    "design_trials",
    "hash_of_list",
    "read_scored_trials",
    "read_scores",
    "read_scores_leniently",
    "read_trial_list",
    "read_trials",
    "speaker_of",
    "speakers_without_trials",
    "write_trials",
]
