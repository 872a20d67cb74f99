"""What an evaluation found: plain data, computed once and then asked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from svfair.metrics.settings import Settings

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interval:
    """An interval of confidence; both ends NaN where there is none."""

    low: float
    high: float


@dataclass(frozen=True)
class DetectionErrors:
    """Error rates of one set of trials, as fractions (0.02 is 2 %).

    A figure that cannot be computed (no target trials, say) is NaN, and `note` says why. The figures
    `*_at_pooled` are taken at one threshold for all groups, chosen on all trials together. `cllr` and
    `actual_dcf` take scores as natural log-likelihood ratios, and mean nothing where they are not.
    """

    targets: int
    non_targets: int
    eer: float
    eer_threshold: float
    min_dcf: float
    min_dcf_threshold: float
    fnmr_at_pooled: float
    fmr_at_pooled: float
    dcf_at_pooled: float
    actual_dcf: float = math.nan
    cllr: float = math.nan
    min_cllr: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class DetectionCurve:
    """Points of a DET curve, thinned for plotting; `fmr` falls and `fnmr` rises along the arrays."""

    fmr: FloatArray
    fnmr: FloatArray


@dataclass(frozen=True)
class DetectionBand:
    """For each FMR, rising, the interval of the FNMR there: each of shape (points,)."""

    fmr: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class ScoreHistogram:
    """How scores are spread: `edges` (bins + 1,), the same for all groups, and counts (bins,)."""

    edges: FloatArray
    targets: FloatArray
    non_targets: FloatArray


@dataclass(frozen=True)
class Group:
    """One group of speakers and the errors on its trials.

    `counted` tells whether the group enters the gap statistics; when it does not, `note` says why
    ("3 speakers, fewer than 5"). `intervals` is keyed by the names of figures in `errors`; it is empty, and
    `band` None, when nothing was resampled.
    """

    name: str
    speakers: int
    errors: DetectionErrors
    curve: DetectionCurve
    counted: bool = True
    note: str = ""
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    band: DetectionBand | None = None
    histogram: ScoreHistogram | None = None


@dataclass(frozen=True)
class Chance:
    """How large a gap chance alone would give: group labels shuffled over speakers.

    Parameters
    ----------
    median, high
        Median and 95th percentile of the gap over the permutations.
    p_value
        (1 + permutations with a gap at least as large) / (1 + permutations).
    permutations
        How many there were.
    """

    median: float
    high: float
    p_value: float
    permutations: int


@dataclass(frozen=True)
class Spread:
    """How one error rate differs over the counted groups of an attribute.

    `gap` is max - min and `std` the population standard deviation (ddof 0), both as fractions; `ratio` is
    worst / best, `log_ratio` its natural logarithm and `ratio_to_overall` worst / overall. All are NaN with
    fewer than two counted groups. `intervals` is keyed by these names; `chance` is about the gap.
    """

    gap: float
    ratio: float
    std: float
    worst_group: str
    log_ratio: float = math.nan
    ratio_to_overall: float = math.nan
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    chance: Chance | None = None


@dataclass(frozen=True)
class Fairness:
    """Published figures of merit at the pooled threshold, over the counted groups: see `metrics.fairness`.

    `fdr` and `area_under_fdr` are 1 when all groups are equal, `inequity_rate` is 1, `garbe` is 0. NaN with
    fewer than two counted groups. `intervals` is keyed by these names.
    """

    fdr: float = math.nan
    inequity_rate: float = math.nan
    garbe: float = math.nan
    area_under_fdr: float = math.nan
    intervals: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribute:
    """Errors by the groups of one speaker attribute (`gender`, `country_region`, ...).

    `spreads` is keyed by the name of a `DetectionErrors` figure: `eer`, `min_dcf`, `fnmr_at_pooled`,
    `fmr_at_pooled`, `dcf_at_pooled`. `trials_outside` counts trials that the group rule puts in no group.
    """

    name: str
    groups: tuple[Group, ...]
    spreads: Mapping[str, Spread]
    trials_outside: int
    fairness: Fairness = field(default_factory=Fairness)

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the groups that enter the gap statistics."""
        return tuple(group.name for group in self.groups if group.counted)

    def group(self, name: str) -> Group:
        """Return the group called `name`; raise KeyError if there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(name)


@dataclass(frozen=True)
class Replicates:
    """Figures of resampled speakers, for the intervals of differences.

    Parameters
    ----------
    groups
        Attribute and group of each column; ("", "overall") first.
    rates
        Shape (replicates, groups) for each figure of `DetectionErrors` that is resampled.
    sweep_fmr, sweep_fnmr
        Shape (replicates, groups, thresholds): rates at pooled thresholds over a sweep.
    bands
        Shape (replicates, groups, points): FNMR at the FMR of a `DetectionBand`.
    draws
        What two systems must share to be compared pairwise: seed, strata and speakers, as a hash.
    """

    groups: tuple[tuple[str, str], ...]
    rates: Mapping[str, FloatArray]
    sweep_fmr: FloatArray
    sweep_fnmr: FloatArray
    bands: FloatArray
    draws: str

    def column(self, attribute: str, group: str) -> int:
        """Return the column of a group; raise ValueError if there is none."""
        return self.groups.index((attribute, group))


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured on the scores of one system.

    Parameters
    ----------
    system
        Name in tables.
    overall, attributes
        All trials, and those of the groups of each attribute.
    pooled_threshold
        The one threshold for all groups.
    settings
        How all this was measured; nothing was resampled when `settings.resampling` is None.
    seeds
        How many training runs were pooled; see `pool_seeds`.
    replicates
        What intervals were made from.
    """

    system: str
    overall: Group
    pooled_threshold: float
    attributes: tuple[Attribute, ...]
    settings: Settings
    seeds: int = 1
    replicates: Replicates | None = field(default=None, repr=False, compare=False)

    def attribute(self, name: str) -> Attribute:
        """Return the attribute called `name`; raise KeyError if it was not evaluated."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)
