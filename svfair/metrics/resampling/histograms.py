"""Trials binned by score, whose weighted histograms come from one sparse product for many replicates.

A replicate gives every speaker a multiplicity m. A target trial of speaker s then counts m_s times, a
non-target trial of speakers a and b m_a m_b times. Nothing is sorted again: trials are binned once, trials
of one pair of speakers in one bin are added up, and what is left is a product of a sparse matrix with the
weights of the pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from svfair.metrics.results import BoolArray, FloatArray
from svfair.metrics.trial_set import TrialSet

#: Trials with more distinct scores than this share bins. Between the edges of bins rates are interpolated.
BINS = 4096

#: Figures in one block of replicates, so that a block stays within a few tens of MiB.
_BLOCK = 2**23

#: Whole numbers below 2^24 are exact in float32, and adding to larger ones may do nothing. Where a bin has
#: more trials than this (many tied scores), counts are float64; weights seldom make four of each trial.
_MOST_IN_FLOAT32 = 2**22

#: Where a Cllr term is larger than this, sums are float64.
_LARGEST_IN_FLOAT32 = 1e25

_Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WeightedHistograms:
    """Histograms of the scores of groups of trials under weights of speakers.

    Parameters
    ----------
    edges
        Shape (bins,): the lowest score of each bin, rising.
    matrix
        Sparse, (2 * kinds of membership * bins, pairs of speakers): how many targets and then non-targets
        a pair has in a bin.
    costs
        Sparse, (2 * kinds of membership, pairs of speakers): summed Cllr terms.
    first, second
        Shape (pairs,): the speakers of each pair; pairs of two different speakers come first. A pair is the
        same in both orders, unless `ordered` was asked for: then `first` is the enrolment side.
    crossing
        Number of pairs of two different speakers.
    membership
        Shape (groups, kinds of membership): which kinds of trials a group has.
    """

    edges: FloatArray
    matrix: sparse.csr_array
    costs: sparse.csr_array
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    crossing: int
    membership: BoolArray

    @property
    def block(self) -> int:
        """How many replicates to take at once."""
        largest = max(self.matrix.shape)
        return int(np.clip(_BLOCK // largest, 8, 100))

    def pair_weights(self, multiplicities: _Float32) -> _Float32:
        """Return the weight of each pair: multiplicities (speakers, replicates) to (pairs, replicates)."""
        weights = multiplicities[self.first]
        weights[: self.crossing] *= multiplicities[self.second[: self.crossing]]
        return weights

    def counts(self, weights: _Float32) -> tuple[FloatArray, FloatArray]:
        """Return weighted counts and Cllr sums of each kind of membership.

        Returns
        -------
        tuple
            Counts (2, kinds of membership, bins, replicates) and sums (2, kinds, replicates), targets first.
        """
        kinds, bins = self.membership.shape[1], len(self.edges)
        # Counts are whole numbers, which the type of the matrix holds exactly.
        counts = (self.matrix @ weights).reshape(2, kinds, bins, -1)
        return counts, (self.costs @ weights).reshape(2, kinds, -1)


def make_histograms(
    trials: TrialSet,
    groups: Sequence[BoolArray],
    costs: FloatArray,
    *,
    thresholds: Sequence[float] = (),
    bins: int = BINS,
    ordered: bool = False,
) -> WeightedHistograms:
    """Bin trials for resampling.

    Parameters
    ----------
    trials
        The trials, shape (trials,).
    groups
        For each group the trials that are in it, (trials,); the first should be all of them.
    costs
        Cllr term of each trial, (trials,).
    thresholds
        Scores at which rates are wanted exactly: each becomes the edge of a bin.
    bins
        How many bins at most, beside those of `thresholds`. With no more distinct scores than this, nothing
        is approximated.
    ordered
        Whether to tell apart the two orders of a pair of speakers.
    """
    kind_of_trial, membership = _kinds_of_membership(groups)
    starts = _bin_starts(trials, groups, thresholds, bins)
    bin_of_trial = np.zeros(len(trials.scores), dtype=np.int64)
    bin_of_trial[starts[1:]] = 1
    np.cumsum(bin_of_trial, out=bin_of_trial)
    pair_of_trial, first, second, crossing = _pairs(trials, ordered)
    kinds, count = membership.shape[1], len(starts)
    side = np.where(trials.is_target, 0, kinds) + kind_of_trial
    shape = (2 * kinds * count, len(first))
    row = side * count + bin_of_trial
    ones: npt.NDArray[Any] = np.ones(len(row), dtype=np.float32)
    if np.bincount(row).max() >= _MOST_IN_FLOAT32:
        ones = ones.astype(np.float64)
    # Building a CSR matrix adds up what falls on one place.
    matrix = sparse.csr_array((ones, (row, pair_of_trial)), shape=shape)
    # Sums in float32 take a fraction of the time; they overflow beyond 3e38.
    small: npt.NDArray[Any] = costs.astype(np.float32) if costs.max() < _LARGEST_IN_FLOAT32 else costs
    cost_sums = sparse.csr_array((small, (side, pair_of_trial)), shape=(2 * kinds, len(first)))
    return WeightedHistograms(trials.scores[starts], matrix, cost_sums, first, second, crossing, membership)


def _kinds_of_membership(groups: Sequence[BoolArray]) -> tuple[npt.NDArray[np.int64], BoolArray]:
    """Give numbers to the distinct sets of groups that trials are in."""
    # A trial's sum of random 64-bit numbers, one a group, tells sets of groups apart.
    marks = np.random.default_rng(0).integers(2**62, size=len(groups), dtype=np.uint64)
    marked = np.zeros(len(groups[0]), dtype=np.uint64)
    for member, mark in zip(groups, marks, strict=True):
        marked[member] += mark
    _, example, kind = np.unique(marked, return_index=True, return_inverse=True)
    return kind, np.array([member[example] for member in groups])


def _bin_starts(
    trials: TrialSet, groups: Sequence[BoolArray], thresholds: Sequence[float], bins: int
) -> npt.NDArray[np.int64]:
    """Return the index of the first trial of each bin; equal scores are never parted."""
    scores = trials.scores
    distinct = np.flatnonzero(np.r_[True, scores[1:] > scores[:-1]])
    if len(distinct) <= bins:
        return distinct
    # Every bin has an equal share of a mass to which all targets and all non-targets of each group give as
    # much, so that small groups get bins where their trials are.
    mass = np.zeros(len(scores))
    for member in groups:
        for side in (trials.is_target, ~trials.is_target):
            chosen = member & side
            count = np.count_nonzero(chosen)
            if count:
                mass += chosen / count
    total = np.cumsum(mass)
    wanted = np.searchsorted(total, np.linspace(0, total[-1], bins, endpoint=False), side="left")
    exact = np.searchsorted(scores, np.asarray(thresholds, dtype=np.float64), side="left")
    wanted = np.unique(np.r_[0, wanted, exact[exact < len(scores)]])
    return np.unique(distinct[np.searchsorted(distinct, wanted, side="right") - 1])


def _pairs(
    trials: TrialSet, ordered: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Give numbers to the pairs of speakers; those of two different speakers come first."""
    speakers = trials.speakers
    count = len(speakers.names)
    low, high = speakers.enrol, speakers.test
    if not ordered:
        low, high = np.minimum(low, high), np.maximum(low, high)
    key = np.where(low == high, count * count + low, low * count + high)
    keys, pair_of_trial = np.unique(key, return_inverse=True)
    crossing = int(np.searchsorted(keys, count * count))
    first = np.where(keys < count * count, keys // count, keys - count * count)
    second = np.where(keys < count * count, keys % count, first)
    return pair_of_trial, first, second, crossing
