from typing import Literal, get_args

import torch
from torch import Tensor

from svfair.losses.checks import check_vector

Weighting = Literal["mean_one", "literal"]

#: Floor of the mean of f, as in the code that came with Lahoti et al. (2020).
SMALLEST_MEAN = 1e-4


def sample_weights(f: Tensor, weighting: Weighting = "mean_one", *, largest: float | None = None) -> Tensor:
    """Turn the adversary's output into sample weights.

    Parameters
    ----------
    f
        Shape (batch,), in (0, 1).
    weighting
        `literal` is lambda_i = 1 + f_i / mean(f), equation 4 of Lahoti et al., "Fairness without
        Demographics through Adversarially Reweighted Learning", NeurIPS 2020, whose mean is two.
        `mean_one` is half of it, so that switching reweighting on does not change the learning rate.
        Both divide by at least `SMALLEST_MEAN`: where the mean of f falls below it, so do the means of the
        weights fall, down to half of two and of one where every f is 0.
    largest
        No sample gets more than this many times the mean weight; see `clip_weights`. None: no limit, and
        a weight can reach (1 + batch) / 2 times the mean.

    Returns
    -------
    Tensor
        Shape (batch,).

    Raises
    ------
    ValueError
        When `weighting` is neither, or f is not of shape (batch,).
    """
    check_weighting(weighting)
    check_vector("f", f)
    weights = (1 + f / f.mean().clamp(min=SMALLEST_MEAN)) / 2
    if largest is not None:
        weights = clip_weights(weights, largest)
    return 2 * weights if weighting == "literal" else weights


def check_weighting(weighting: str) -> None:
    """Refuse a `weighting` that does not exist."""
    if weighting not in get_args(Weighting):
        raise ValueError(f"weighting is one of {', '.join(get_args(Weighting))}, not '{weighting}'")


def clip_weights(weights: Tensor, largest: float) -> Tensor:
    """Cap weights at `largest` times their mean and share what was cut among the others in proportion.

    The result is min(s w, largest * mean), with the one s >= 1 that keeps the mean. A capped sample has no
    gradient of its own: the adversary learns nothing from it until the others catch up.

    Parameters
    ----------
    weights
        Shape (batch,), positive.
    largest
        More than 1.

    Raises
    ------
    ValueError
        When `largest` is not more than 1: the largest of several weights is at least their mean; or weights
        are not of shape (batch,).
    """
    check_vector("weights", weights)
    if not largest > 1:
        raise ValueError(f"the largest weight must be more than 1 times the mean, not {largest}")
    mean = weights.mean()
    cap = largest * mean
    descending = weights.sort(descending=True).values
    number = len(weights)
    capped = torch.arange(number, device=weights.device)
    # With the k largest capped, the rest shares what is left: try every k, take the first that fits.
    rest = descending.flip(0).cumsum(0).flip(0)
    factors = (number * mean - capped * cap) / rest
    fits = factors * descending <= cap * (1 + 1e-6)
    factor = factors[fits.to(torch.int64).argmax()]
    return torch.minimum(factor * weights, cap)
