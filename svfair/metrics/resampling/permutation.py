"""How large a gap chance alone would give: group labels shuffled over speakers.

The largest of several noisy rates less the smallest is never negative, so small groups have a gap even where
there is none to find. Shuffling the labels over the speakers keeps the sizes of the groups and breaks every
tie between label and error; the gaps that remain are those of chance.

Where the trials were chosen by the attribute (all pairs of VoxCeleb1-H share gender and nationality),
shuffled groups have fewer non-target trials than the real ones under the rule `both`, since pairs then cross
groups. Their gaps are a little larger for it, which makes the test cautious.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from svfair.metrics.fairness import gap
from svfair.metrics.resampling.histograms import make_histograms
from svfair.metrics.resampling.rates import RATES, rates_at, weighted_curves
from svfair.metrics.results import Chance, FloatArray
from svfair.metrics.settings import Resampling, Settings
from svfair.metrics.trial_set import TrialSet

#: Fewer bins than for intervals: what is counted is how many gaps are larger.
_BINS = 1024


class PermutationNull:
    """Gaps under shuffled labels, for any attribute of the speakers of some trials.

    Parameters
    ----------
    trials
        The trials.
    pooled
        The one threshold for all groups, which shuffling does not change.
    resampling
        How many permutations, and of which draws.
    settings
        Which trials belong to a group, and the operating point of detection costs.
    """

    def __init__(
        self,
        trials: TrialSet,
        pooled: float,
        resampling: Resampling,
        settings: Settings,
    ) -> None:
        self._names = trials.speakers.names
        self._rule = settings.rule
        self._point = settings.operating_point
        self._permutations = resampling.permutations
        self._seed = resampling.seed
        everything = np.ones(len(trials.scores), dtype=np.bool_)
        given = [] if np.isnan(pooled) else [pooled]
        self._histograms = make_histograms(
            trials,
            [everything],
            np.zeros(len(trials.scores)),
            thresholds=given,
            bins=_BINS,
            ordered=settings.rule == "enrol",
        )
        self._position = np.searchsorted(self._histograms.edges, pooled, side="left")

    def chance(self, groups: Mapping[str, str | None], counted: Sequence[str]) -> dict[str, Chance]:
        """Compare the gaps of an attribute's groups with those of shuffled labels.

        Parameters
        ----------
        groups
            Speaker to group. Speakers of groups that do not count keep their labels.
        counted
            The groups whose gap it is, at least two.

        Returns
        -------
        dict
            For each rate of `RATES`.
        """
        order = {name: number for number, name in enumerate(counted)}
        label = np.array([order.get(groups.get(name) or "", -1) for name in self._names])
        random = np.random.default_rng(self._seed)
        members = np.flatnonzero(label >= 0)
        count = len(counted)
        observed = gap(self._rates(_indicators(label[None], count)).reshape(len(RATES), 1, count))
        shuffled = np.empty((len(RATES), self._permutations))
        at_once = max(1, self._histograms.block // count)
        for start in range(0, self._permutations, at_once):
            size = min(at_once, self._permutations - start)
            labels = np.repeat(label[None], size, axis=0)
            labels[:, members] = random.permuted(labels[:, members], axis=1)
            rates = self._rates(_indicators(labels, count)).reshape(len(RATES), size, count)
            shuffled[:, start : start + size] = gap(rates)
        return {
            rate: _summary(float(observed[number, 0]), shuffled[number]) for number, rate in enumerate(RATES)
        }

    def _rates(self, indicators: npt.NDArray[np.float32]) -> FloatArray:
        """Return rates (RATES, columns) of groups given as zeros and ones (speakers, columns)."""
        histograms = self._histograms
        if self._rule == "both":
            weights = histograms.pair_weights(indicators)
        elif self._rule == "enrol":
            weights = indicators[histograms.first]
        else:
            weights = np.maximum(indicators[histograms.first], indicators[histograms.second])
        counts, _ = histograms.counts(weights)
        curves = weighted_curves(counts[0, 0], counts[1, 0])
        columns = indicators.shape[1]
        position = np.full(columns, float(self._position))
        nothing = np.full((2, columns), np.nan)
        return rates_at(curves, position, nothing, self._point, histograms.edges)


def _indicators(labels: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float32]:
    """Return zeros and ones (speakers, labellings * groups) for labels (labellings, speakers)."""
    ones = labels[:, None, :] == np.arange(count)[None, :, None]
    return np.ascontiguousarray(ones.reshape(-1, labels.shape[1]).T, dtype=np.float32)


def _summary(observed: float, shuffled: FloatArray) -> Chance:
    known = shuffled[~np.isnan(shuffled)]
    if np.isnan(observed) or not len(known):
        return Chance(math.nan, math.nan, math.nan, len(known))
    # Equal gaps differ in the last digits by the order in which they were added up.
    at_least = int(np.count_nonzero(known >= observed * (1 - 1e-9)))
    return Chance(
        median=float(np.median(known)),
        high=float(np.quantile(known, 0.95)),
        p_value=(1 + at_least) / (1 + len(known)),
        permutations=len(known),
    )
