"""Resampling speakers: because trials share speakers, rows of a trial list are not independent.

A replicate draws as many speakers as there are, with replacement; a speaker drawn m times has all trials
m-fold (see `weighted_histograms`). The same draws serve all groups and, with the same seed and speakers, all
systems, so that gaps and differences have intervals of their own. This is the two-way (pigeonhole) bootstrap
of Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007), with one set of multiplicities,
as both sides of a trial are speakers of one population.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from svfair.metrics.calibration import bayes_threshold, cllr_terms
from svfair.metrics.resampling.histograms import WeightedHistograms, make_histograms
from svfair.metrics.resampling.rates import (
    BAND,
    RATES,
    SWEEP,
    at_position,
    fmr_positions,
    fnmr_at_fmr,
    mean_costs,
    pooled_position,
    rates_at,
    weighted_curves,
)
from svfair.metrics.results import BoolArray, FloatArray, Replicates
from svfair.metrics.settings import Resampling, Settings
from svfair.metrics.trial_set import TrialSet


def draw_multiplicities(names: Sequence[str], resampling: Resampling) -> npt.NDArray[np.float32]:
    """Return how often each speaker is drawn in each replicate, shape (speakers, replicates)."""
    random = np.random.default_rng(resampling.seed)
    stratum = np.array([str(resampling.strata.get(name)) for name in names])
    drawn = np.zeros((len(names), resampling.replicates), dtype=np.float32)
    for value in np.unique(stratum):
        members = np.flatnonzero(stratum == value)
        share = np.full(len(members), 1 / len(members))
        drawn[members] = random.multinomial(len(members), share, size=resampling.replicates).T
    return drawn


def hash_of_draws(trials: TrialSet, resampling: Resampling) -> str:
    """Return what two systems must share to be compared pairwise: draws, and labelled pairs of speakers."""
    speakers = trials.speakers
    strata = [str(resampling.strata.get(name)) for name in speakers.names]
    text = "\n".join([str(resampling.seed), str(resampling.replicates), *speakers.names, *strata])
    pairs = (speakers.enrol * len(speakers.names) + speakers.test) * 2 + trials.is_target
    return hashlib.sha256(text.encode() + np.sort(pairs).astype("<i8").tobytes()).hexdigest()


def bootstrap(
    trials: TrialSet,
    groups: Mapping[tuple[str, str], BoolArray],
    resampling: Resampling,
    settings: Settings,
    *,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Replicates:
    """Resample speakers and measure every group in each replicate.

    Parameters
    ----------
    trials
        The trials.
    groups
        Attribute and group to the trials in it, (trials,), without the overall group.
    resampling
        How often and with which draws.
    settings
        How each replicate is measured; it chooses its own threshold.
    threads
        Blocks of replicates that are worked on at once; the result does not depend on it.
    progress
        Called with the number of replicates that have been done.
    """
    everything = np.ones(len(trials.scores), dtype=np.bool_)
    given = [settings.threshold.value] if settings.threshold.is_given else []
    exact = [bayes_threshold(settings.operating_point), *given]
    histograms = make_histograms(
        trials, [everything, *groups.values()], cllr_terms(trials.scores, trials.is_target), thresholds=exact
    )
    drawn = draw_multiplicities(trials.speakers.names, resampling)
    count = len(groups) + 1
    rates = np.empty((len(RATES), resampling.replicates, count))
    sweep = np.empty((2, resampling.replicates, count, len(SWEEP)))
    bands = np.empty((resampling.replicates, count, len(BAND)))

    def work(block: slice) -> int:
        multiplicities = np.ascontiguousarray(drawn[:, block])
        weights = histograms.pair_weights(multiplicities)
        own = (rates[:, block], sweep[:, block], bands[block])
        _measure_block(histograms, weights, *own, settings)
        return int(multiplicities.shape[1])

    edges = [*range(0, resampling.replicates, histograms.block), resampling.replicates]
    blocks = [slice(start, stop) for start, stop in pairwise(edges)]
    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(work, blocks):
            if progress is not None:
                progress(done)
    return Replicates(
        groups=(("", "overall"), *groups),
        rates=dict(zip(RATES, rates, strict=True)),
        sweep_fmr=sweep[1],
        sweep_fnmr=sweep[0],
        bands=bands,
        draws=hash_of_draws(trials, resampling),
    )


def _measure_block(
    histograms: WeightedHistograms,
    weights: npt.NDArray[np.float32],
    rates: FloatArray,
    sweep: FloatArray,
    bands: FloatArray,
    settings: Settings,
) -> None:
    """Fill in the block's part of rates (rates, block, groups), sweep (2, ...) and bands (block, ...)."""
    point = settings.operating_point
    counts, costs = histograms.counts(weights)
    position = places = np.empty(0)
    for number, kinds in enumerate(histograms.membership):
        own = counts[:, kinds].sum(1)
        curves = weighted_curves(own[0], own[1])
        if number == 0:
            position = pooled_position(curves, settings.threshold, point, histograms.edges)
            places = fmr_positions(curves, SWEEP)
        means = mean_costs(costs[:, kinds].sum(1), own)
        rates[:, :, number] = rates_at(
            curves, position, means, point, histograms.edges, on_hull=settings.on_hull
        )
        sweep[0, :, number] = at_position(curves.fnmr, places).T
        sweep[1, :, number] = at_position(curves.fmr, places).T
        bands[:, number] = fnmr_at_fmr(curves, BAND).T
