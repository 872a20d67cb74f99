"""How error rates differ between groups.

The functions on arrays take rates of shape (..., groups) and summarise the last axis, so that they serve one
evaluation and a thousand replicates alike. NaN in, NaN out; what is no array of rates raises InputError.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

from svfair.errors import InputError, Parameter, shown
from svfair.metrics.inputs import as_floats
from svfair.metrics.results import DetectionErrors, Fairness, FloatArray, Group, Spread

#: Weight of false matches against false non-matches in FDR, IR and GARBE.
ALPHA = 0.5

#: Rates of 0, NaN, or of a size that no rate has, give 0, infinity or NaN, as documented, and no warning.
_quietly = np.errstate(divide="ignore", invalid="ignore", over="ignore")

#: Figures of `DetectionErrors` whose distance between groups is given.
SPREAD_OF = ("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled")


def spreads(groups: Sequence[Group], overall: DetectionErrors) -> dict[str, Spread]:
    """Return how each rate of `SPREAD_OF` differs over the groups that count."""
    return {
        rate: spread({group.name: getattr(group.errors, rate) for group in groups}, getattr(overall, rate))
        for rate in SPREAD_OF
    }


def merits(groups: Sequence[Group], area: float) -> Fairness:
    """Return the figures of merit of the groups that count; `area` is that under FDR."""
    if len(groups) < 2:
        return Fairness()
    fmr = np.array([group.errors.fmr_at_pooled for group in groups])
    fnmr = np.array([group.errors.fnmr_at_pooled for group in groups])
    return Fairness(
        fdr=float(fairness_discrepancy_rate(fmr, fnmr)),
        inequity_rate=float(inequity_rate(fmr, fnmr)),
        garbe=float(garbe(fmr, fnmr)),
        area_under_fdr=area,
    )


def spread(rates: Mapping[str, float], overall: float = math.nan) -> Spread:
    """Summarise the error rates of the groups that count.

    Parameters
    ----------
    rates
        Group to error rate, as fractions; NaN rates are left out.
    overall
        The rate over all trials, for `ratio_to_overall`.

    Returns
    -------
    Spread
        gap = max - min; ratio = max / min (infinite when the best group has no errors, 1 when none has);
        std = sqrt(mean((rate - mean(rate))^2)), the population form (ddof 0), as the groups are all there
        are; log_ratio = ln(ratio); ratio_to_overall = max / overall; and the group with the highest rate.
        NaN with fewer than two groups.
    """
    known = {name: rate for name, rate in rates.items() if not np.isnan(rate)}
    if len(known) < 2:
        return Spread(math.nan, math.nan, math.nan, next(iter(known), ""))
    values = np.array(list(known.values()))
    with np.errstate(divide="ignore"):
        return Spread(
            gap=float(gap(values)),
            ratio=float(ratio(values)),
            std=float(std(values)),
            worst_group=max(known, key=lambda name: known[name]),
            log_ratio=float(np.log(ratio(values))),
            ratio_to_overall=float(np.float64(values.max()) / overall) if overall else math.nan,
        )


@_quietly
def gap(rates: npt.ArrayLike) -> FloatArray:
    """Return max - min."""
    rates = _of_groups(rates, "rates")
    return np.asarray(rates.max(-1) - rates.min(-1))


@_quietly
def ratio(rates: npt.ArrayLike) -> FloatArray:
    """Return max / min: infinite when the best group has no errors, 1 when none has."""
    rates = _of_groups(rates, "rates")
    high, low = rates.max(-1), rates.min(-1)
    return np.asarray(np.where(high == 0, 1.0, high / low))


@_quietly
def std(rates: npt.ArrayLike) -> FloatArray:
    """Return the population standard deviation (ddof 0)."""
    return np.asarray(_of_groups(rates, "rates").std(-1))


@_quietly
def fairness_discrepancy_rate(fmr: npt.ArrayLike, fnmr: npt.ArrayLike, alpha: float = ALPHA) -> FloatArray:
    """Return FDR = 1 - alpha gap(FMR) - (1 - alpha) gap(FNMR); 1 is fair.

    At one threshold for all groups. Pereira and Marcel, "Fairness in biometrics: a figure of merit to assess
    biometric verification systems", IEEE T-BIOM 4 (2022), equations 3 to 5.
    """
    fmr, fnmr = _both(fmr, fnmr, alpha)
    return 1 - alpha * gap(fmr) - (1 - alpha) * gap(fnmr)


@_quietly
def inequity_rate(fmr: npt.ArrayLike, fnmr: npt.ArrayLike, alpha: float = ALPHA) -> FloatArray:
    """Return IR = ratio(FMR)^alpha ratio(FNMR)^(1 - alpha); 1 is fair, infinite where a group has no errors.

    Grother, "Face recognition vendor test part 8: summarizing demographic differentials", NISTIR 8429 (2022).
    """
    fmr, fnmr = _both(fmr, fnmr, alpha)
    return np.asarray(ratio(fmr) ** alpha * ratio(fnmr) ** (1 - alpha))


@_quietly
def gini(rates: npt.ArrayLike) -> FloatArray:
    """Return the Gini coefficient, scaled by n / (n - 1) so that one group with all errors has 1.

    n / (n - 1) * (sum over i, j of |x_i - x_j|) / (2 n^2 mean(x)); 0 when all rates are 0. NaN of a single
    group with errors.
    """
    rates = _of_groups(rates, "rates")
    count = rates.shape[-1]
    distances = np.abs(rates[..., :, None] - rates[..., None, :]).sum((-1, -2))
    total = rates.sum(-1)
    scaled = distances / (2 * (count - 1) * total)
    return np.asarray(np.where(total == 0, 0.0, scaled))


@_quietly
def garbe(fmr: npt.ArrayLike, fnmr: npt.ArrayLike, alpha: float = ALPHA) -> FloatArray:
    """Return GARBE = alpha gini(FMR) + (1 - alpha) gini(FNMR), in [0, 1]; 0 when all groups are equal.

    Howard et al., "Evaluating proposed fairness models for face recognition algorithms", ICPR 2022 workshops
    (arXiv 2203.05051).
    """
    fmr, fnmr = _both(fmr, fnmr, alpha)
    return alpha * gini(fmr) + (1 - alpha) * gini(fnmr)


@_quietly
def area_under_fdr(fmr: npt.ArrayLike, fnmr: npt.ArrayLike, alpha: float = ALPHA) -> FloatArray:
    """Return the mean FDR over a sweep of pooled thresholds; 1 is fair.

    Parameters
    ----------
    fmr, fnmr
        Shape (..., groups, thresholds). Thresholds that are evenly spaced on the logarithm of the pooled FMR
        make this the area under FDR over log FMR, divided by its width (the FaDR curve and its area: Pereira
        and Marcel, 2022).
    alpha
        Weight of false matches.
    """
    fmr, fnmr = _both(fmr, fnmr, alpha)
    if fmr.ndim < 2 or fmr.shape[-1] < 2:
        raise InputError(
            Parameter("fmr"), f": needs groups and two thresholds or more, not the shape {fmr.shape}"
        )
    rates = fairness_discrepancy_rate(np.moveaxis(fmr, -2, -1), np.moveaxis(fnmr, -2, -1), alpha)
    inside = (rates[..., 1:] + rates[..., :-1]) / 2
    return np.asarray(inside.mean(-1))


def _of_groups(rates: npt.ArrayLike, name: str) -> FloatArray:
    """Return rates as an array that has a group on its last axis."""
    is_plain = type(rates) is np.ndarray and rates.dtype.kind == "f"
    array: FloatArray = rates if is_plain else as_floats(rates, name)  # type: ignore[assignment]
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InputError(Parameter(name), f": needs the rates of groups, not the shape {array.shape}")
    return array


def _both(fmr: npt.ArrayLike, fnmr: npt.ArrayLike, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return both rates as arrays of one shape, and check the weight between them."""
    first, second = _of_groups(fmr, "fmr"), _of_groups(fnmr, "fnmr")
    if first.shape != second.shape:
        raise InputError(
            Parameter("fmr"), f": and fnmr differ in shape, {first.shape} against {second.shape}"
        )
    if not isinstance(alpha, Real) or not 0 <= alpha <= 1:
        raise InputError(Parameter("alpha"), f": lies between 0 and 1, not {shown(alpha)}")
    return first, second
