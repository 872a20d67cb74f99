"""Is the adversary doing something useful? Figures to watch while training."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Diagnostics:
    """What the adversary does on one batch; nothing here enters training.

    Parameters
    ----------
    effective_sample_size
        (sum w)^2 / (B sum w^2), in (0, 1]; one when all samples weigh the same.
    weight_loss_correlation
        Pearson correlation of a sample's weight with its unweighted loss, over the samples that have one
        (see `AdversarialReweighting.sample_losses`); 0 when either is constant.
    largest_weight
        Largest sample weight over the mean weight.
    region_weights
        Mean sample weight of each region; NaN for a region without samples in this batch.
    sample_weights
        The weights themselves, shape (batch,), for means over groups that only the host knows.
    skipped_turns
        Turns since the start that were left out, since something in them was not finite.
    """

    effective_sample_size: float
    weight_loss_correlation: float
    largest_weight: float
    region_weights: list[float]
    sample_weights: Tensor
    skipped_turns: int = 0


@torch.no_grad()
def diagnose(weights: Tensor, regions: Tensor, region_count: int, losses: Tensor) -> Diagnostics:
    """Summarise sample weights, regions and losses, each of shape (batch,).

    The loss is NaN of a sample that has none of its own, such as an utterance that only a prototype averages.
    """
    weights, losses = weights.double(), losses.double()
    sums = weights.new_zeros(region_count).index_add(0, regions, weights)
    counts = weights.new_zeros(region_count).index_add(0, regions, torch.ones_like(weights))
    has_loss = ~losses.isnan()
    return Diagnostics(
        effective_sample_size=float(weights.sum() ** 2 / (len(weights) * (weights**2).sum())),
        weight_loss_correlation=_correlation(weights[has_loss], losses[has_loss]),
        largest_weight=float(weights.max() / weights.mean()),
        region_weights=(sums / counts).tolist(),
        sample_weights=weights,
    )


def _correlation(a: Tensor, b: Tensor) -> float:
    if len(a) < 2:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    size = a.norm() * b.norm()
    # Weights of an untrained adversary differ by rounding alone: that is no correlation.
    return float(a @ b / size) if float(a.norm()) > 1e-9 and float(b.norm()) > 1e-9 else 0.0
