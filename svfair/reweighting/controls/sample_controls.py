"""Controls that look at losses alone: no adversary, no groups, no state."""

import math
from abc import abstractmethod

import torch
from torch import Tensor

from svfair.losses import EmbeddingLoss
from svfair.losses.precision import full_precision
from svfair.reweighting.formulations import check_loss
from svfair.reweighting.objective import Objective


class RowObjective(Objective):
    """An objective that turns the losses of the rows of a batch into one number, part by part.

    Parameters
    ----------
    loss
        What is lowered.
    warm_up_steps, gather
        See `Objective`.
    """

    loss: EmbeddingLoss

    def __init__(self, loss: EmbeddingLoss, *, warm_up_steps: int = 0, gather: bool = False) -> None:
        check_loss(loss)
        super().__init__(loss, warm_up_steps=warm_up_steps, gather=gather)

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Reduce the row losses of each part."""
        with full_precision(embeddings):
            total = embeddings.new_zeros((), dtype=torch.float32)
            for coefficient, part in self.loss.parts:
                losses = part.row_losses(part.compare(embeddings, labels))
                total = total + coefficient * self.reduce(losses)
            return total

    @abstractmethod
    def reduce(self, losses: Tensor) -> Tensor:
        """Return one number for the losses of a batch, shape (rows,)."""


class ConditionalValueAtRisk(RowObjective):
    """The mean of the largest losses: conditional value at risk.

    Of n rows the share * n largest count, the last of them in part where that is no whole number
    (Rockafellar and Uryasev, "Optimization of conditional value-at-risk", 2000; a minority of unknown
    members, but of at least this share, does no worse than it: Hashimoto et al., ICML 2018).

    Parameters
    ----------
    loss
        What is lowered.
    share
        In (0, 1]; 1 is plain training.
    warm_up_steps, gather
        See `Objective`.
    """

    def __init__(
        self, loss: EmbeddingLoss, *, share: float = 0.3, warm_up_steps: int = 0, gather: bool = False
    ) -> None:
        super().__init__(loss, warm_up_steps=warm_up_steps, gather=gather)
        if not 0 < share <= 1:
            raise ValueError(f"share must be more than 0 and at most 1, not {share}")
        self.share = share

    def reduce(self, losses: Tensor) -> Tensor:
        """Average the largest losses."""
        descending = losses.sort(descending=True).values
        number = self.share * len(losses)
        rank = torch.arange(len(losses), device=losses.device, dtype=losses.dtype)
        return ((number - rank).clamp(0, 1) * descending).sum() / number


class Focal(RowObjective):
    """Focal loss: (1 - p)^gamma l for a row of loss l, with p = exp(-l) the probability of being right.

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017. Over a loss that averages comparisons
    p is their geometric mean.

    Parameters
    ----------
    loss
        What is lowered.
    gamma
        At least 0; 0 is plain training.
    warm_up_steps, gather
        See `Objective`.
    """

    def __init__(
        self, loss: EmbeddingLoss, *, gamma: float = 2.0, warm_up_steps: int = 0, gather: bool = False
    ) -> None:
        super().__init__(loss, warm_up_steps=warm_up_steps, gather=gather)
        if not 0 <= gamma < math.inf:
            raise ValueError(f"gamma must be at least 0, not {gamma}")
        self.gamma = gamma

    def reduce(self, losses: Tensor) -> Tensor:
        """Average the modulated losses."""
        # A power below 1 has no derivative at 0, where an easy row's 1 - p arrives by rounding.
        wrong = (-torch.expm1(-losses)).clamp(min=torch.finfo(losses.dtype).tiny)
        return (wrong.pow(self.gamma) * losses).mean()


class ChiSquareDro(RowObjective):
    """The worst weighted mean of the losses over all weights within a chi-square ball around equal ones.

    The maximum of mean(w l) over w >= 0 with mean one and mean((w - 1)^2) / 2 <= radius (Namkoong and
    Duchi, "Stochastic gradient methods for distributionally robust optimization with f-divergences", NeurIPS
    2016). The maximum is at w proportional to max(l - eta, 0), with the eta that puts it on the ball.

    Parameters
    ----------
    loss
        What is lowered.
    radius
        At least 0; 0 is plain training.
    warm_up_steps, gather
        See `Objective`.
    """

    def __init__(
        self, loss: EmbeddingLoss, *, radius: float = 0.5, warm_up_steps: int = 0, gather: bool = False
    ) -> None:
        super().__init__(loss, warm_up_steps=warm_up_steps, gather=gather)
        if not 0 <= radius < math.inf:
            raise ValueError(f"radius must be at least 0, not {radius}")
        self.radius = radius

    def reduce(self, losses: Tensor) -> Tensor:
        """Average the losses with the worst weights, which are constants for the gradient."""
        return (chi_square_weights(losses.detach(), self.radius) * losses).mean()


def chi_square_weights(losses: Tensor, radius: float, iterations: int = 60) -> Tensor:
    """Return the weights, shape (rows,) with mean one, that `ChiSquareDro` maximises over.

    mean(w^2) grows with eta from 1 to the number of rows over those that share the largest loss: eta is
    found by bisection. Where the ball reaches beyond, all weight is on the largest loss.
    """
    spread = float(losses.max() - losses.min())
    # In a ball this small no weight leaves one by more than rounding shows, and eta runs off to infinity.
    if radius <= 1e-12 or spread <= 1e-12 * max(1.0, float(losses.abs().max())):
        return torch.ones_like(losses)
    wanted = 1 + 2 * radius
    values = (losses.double() - losses.min()) / spread
    # At eta = -a the weights are nearly equal: mean(w^2) - 1 <= variance / a^2 <= 1 / (4 a^2).
    low, high = -1.0 - 1.0 / (2.0 * radius) ** 0.5, 1.0
    for _ in range(iterations):
        middle = (low + high) / 2
        excess = (values - middle).clamp(min=0)
        too_even = float((excess**2).mean()) < wanted * float(excess.mean()) ** 2
        low, high = (middle, high) if too_even else (low, middle)
    worst: Tensor = (values - low).clamp(min=0)
    return (worst / worst.mean()).to(losses.dtype)
