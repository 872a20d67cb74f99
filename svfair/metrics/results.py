"""What an evaluation found: plain data, computed once and then asked."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OperatingPoint:
    """Prior and costs of a detection cost function.

    Parameters
    ----------
    p_target
        Prior probability of a target trial, in (0, 1).
    c_miss, c_fa
        Cost of a miss (false non-match) and of a false alarm (false match), both positive.
    """

    p_target: float = 0.05
    c_miss: float = 1.0
    c_fa: float = 1.0


@dataclass(frozen=True)
class DetectionErrors:
    """Error rates of one set of trials, as fractions (0.02 is 2 %).

    A figure that cannot be computed (no target trials, say) is NaN, and `note` says why. The figures
    `*_at_pooled` are taken at one threshold for all groups: the one of equal error over all trials.
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
    note: str = ""


@dataclass(frozen=True)
class DetectionCurve:
    """Points of a DET curve, thinned for plotting; `fmr` falls and `fnmr` rises along the arrays."""

    fmr: FloatArray
    fnmr: FloatArray


@dataclass(frozen=True)
class Group:
    """One group of speakers and the errors on its trials.

    `counted` tells whether the group enters the gap statistics; when it does not, `note` says why
    ("3 speakers, fewer than 5").
    """

    name: str
    speakers: int
    errors: DetectionErrors
    curve: DetectionCurve
    counted: bool = True
    note: str = ""


@dataclass(frozen=True)
class Spread:
    """How one error rate differs over the counted groups of an attribute.

    `gap` is max - min and `std` the population standard deviation (ddof 0), both as fractions; `ratio` is
    worst / best. All three are NaN with fewer than two counted groups.
    """

    gap: float
    ratio: float
    std: float
    worst_group: str


@dataclass(frozen=True)
class Attribute:
    """Errors by the groups of one speaker attribute (`gender`, `country_region`, ...).

    `spreads` is keyed by the name of a `DetectionErrors` figure: `eer`, `min_dcf`, `fnmr_at_pooled`,
    `fmr_at_pooled`. `trials_outside` counts trials that the group rule puts in no group.
    """

    name: str
    groups: tuple[Group, ...]
    spreads: Mapping[str, Spread]
    trials_outside: int

    def group(self, name: str) -> Group:
        """Return the group called `name`; raise KeyError if there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(name)


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured on the scores of one system."""

    system: str
    overall: Group
    pooled_threshold: float
    attributes: tuple[Attribute, ...]
    operating_point: OperatingPoint
    group_rule: str
    minimum_speakers: int
    minimum_targets: int

    def attribute(self, name: str) -> Attribute:
        """Return the attribute called `name`; raise KeyError if it was not evaluated."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)
