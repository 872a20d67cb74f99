"""Controls that look at groups: true ones (oracles, which know what a fair method may not) or regions."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from svfair.losses import EmbeddingLoss
from svfair.losses.checks import check_vector, check_whole_numbers
from svfair.losses.precision import full_precision
from svfair.reweighting.formulations import Accumulated, check_loss
from svfair.reweighting.objective import Objective
from svfair.reweighting.regions import Regions


@dataclass(frozen=True)
class GroupLosses:
    """Losses of groups in one part of a loss.

    Parameters
    ----------
    coefficient
        Of the part.
    losses
        Shape (groups,): mean over the group's rows; 0 where it has none.
    is_present
        Boolean, same shape: whether it has any.
    """

    coefficient: float
    losses: Tensor
    is_present: Tensor


class GroupObjective(Objective):
    """An objective that turns the mean losses of groups into one number, part by part of the loss.

    Parameters
    ----------
    loss
        What is lowered.
    groups
        Number of true groups, which then have to be given with every batch, or the regions of the
        embedding space that stand in for them.
    warm_up_steps, refit_every, gather
        See `Objective`.
    """

    loss: EmbeddingLoss

    def __init__(
        self,
        loss: EmbeddingLoss,
        groups: int | Regions,
        *,
        warm_up_steps: int = 0,
        refit_every: int = 100,
        gather: bool = False,
    ) -> None:
        check_loss(loss)
        super().__init__(
            loss,
            regions=groups if isinstance(groups, Regions) else None,
            warm_up_steps=warm_up_steps,
            refit_every=refit_every,
            gather=gather,
        )
        self.count = groups.count if isinstance(groups, Regions) else groups
        if self.count < 1:
            raise ValueError(f"at least one group is needed, not {self.count}")

    def group_losses(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> list[GroupLosses]:
        """Return the losses of the groups, for each part of the loss.

        The parts stay apart because a group may be in one and not in the other: a region without a query
        has no prototype loss, and that is not a loss of 0.
        """
        groups = self._groups(embeddings, groups)
        found = []
        with full_precision(embeddings):
            for coefficient, part in self.loss.parts:
                comparisons = part.compare(embeddings, labels)
                losses = part.row_losses(comparisons)
                of_row = comparisons.over_rows(groups)
                counts = torch.bincount(of_row, minlength=self.count)
                sums = losses.new_zeros(self.count).index_add(0, of_row, losses)
                found.append(GroupLosses(coefficient, sums / counts.clamp(min=1), counts > 0))
        return found

    def _groups(self, embeddings: Tensor, groups: Tensor | None) -> Tensor:
        if self.regions is not None:
            found: Tensor = self.regions(embeddings)
            return found
        if groups is None:
            raise ValueError(f"{type(self).__name__} over true groups needs them: groups (batch,) is missing")
        groups = check_whole_numbers("groups", groups, embeddings)
        if int(groups.min()) < 0 or int(groups.max()) >= self.count:
            raise ValueError(
                f"groups run from {int(groups.min())} to {int(groups.max())}, not 0 to {self.count - 1}"
            )
        return groups


class GroupDro(GroupObjective):
    """Group DRO: a weighted mean of group losses whose weights follow the losses upwards.

    q_g <- q_g exp(step_size l_g), scaled to sum to one (Sagawa et al., "Distributionally Robust Neural
    Networks for Group Shifts", ICLR 2020). With `smoothing` the step is l_g / (q_g + smoothing), so that one
    group that never gets better does not take all the weight (Bartelds et al., "CTC-DRO", arXiv 2502.01777).

    Only groups in the batch are updated, and the weights of those are scaled to sum to one for its loss.
    Weights are updated in `take_turn`, one batch later than in the source. Over a sum of losses each part is
    averaged over the groups that have a row in it, with one set of weights; only groups with a row in every
    part are updated, since the sum of another would lack a term.

    Parameters
    ----------
    loss, groups
        See `GroupObjective`.
    step_size
        Of the weights.
    smoothing
        None for Group DRO as published; positive for the smoothed variant.
    warm_up_steps, refit_every, gather
        See `Objective`.
    """

    group_weights: Tensor

    def __init__(
        self,
        loss: EmbeddingLoss,
        groups: int | Regions,
        *,
        step_size: float = 0.01,
        smoothing: float | None = None,
        warm_up_steps: int = 0,
        refit_every: int = 100,
        gather: bool = False,
    ) -> None:
        super().__init__(loss, groups, warm_up_steps=warm_up_steps, refit_every=refit_every, gather=gather)
        if smoothing is not None and not 0 < smoothing < math.inf:
            raise ValueError(f"smoothing must be positive, not {smoothing}; leave it out for plain Group DRO")
        if not 0 < step_size < math.inf:
            raise ValueError(f"step_size must be positive, not {step_size}")
        self.step_size = step_size
        self.smoothing = smoothing
        self.register_buffer("group_weights", torch.full((self.count,), 1 / self.count))

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Average the losses of the groups at hand with their weights."""
        total = embeddings.new_zeros((), dtype=torch.float32)
        for part in self.group_losses(embeddings, labels, groups):
            weights = self.group_weights * part.is_present
            mean = (weights * part.losses).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)
            total = total + part.coefficient * mean
        return total

    @torch.no_grad()
    def adapt(
        self, embeddings: Tensor, labels: Tensor, groups: Tensor | None, optimizer: Optimizer | None
    ) -> None:
        """Raise the weights of groups with large losses."""
        parts = self.group_losses(embeddings, labels, groups)
        losses = torch.stack([part.coefficient * part.losses for part in parts]).sum(0)
        is_present = torch.stack([part.is_present for part in parts]).all(0)
        growth = losses if self.smoothing is None else losses / (self.group_weights + self.smoothing)
        growth = self.step_size * growth * is_present
        # Softmax of log-weights: the same update, without overflow.
        smallest = torch.finfo(self.group_weights.dtype).tiny
        weights = (self.group_weights.clamp(min=smallest).log() + growth).softmax(0)
        if not self.skips(weights):
            self.group_weights.copy_(weights)


class VarianceOfRisks(GroupObjective):
    """V-REx: the mean of the group losses plus `penalty` times their variance.

    Krueger et al., "Out-of-Distribution Generalization via Risk Extrapolation", ICML 2021. Over the groups
    that are in the batch; over a sum of losses part by part, each over the groups that have a row in it.

    Parameters
    ----------
    loss, groups
        See `GroupObjective`.
    penalty
        At least 0.
    warm_up_steps, refit_every, gather
        See `Objective`.
    """

    def __init__(
        self,
        loss: EmbeddingLoss,
        groups: int | Regions,
        *,
        penalty: float = 1.0,
        warm_up_steps: int = 0,
        refit_every: int = 100,
        gather: bool = False,
    ) -> None:
        super().__init__(loss, groups, warm_up_steps=warm_up_steps, refit_every=refit_every, gather=gather)
        if not 0 <= penalty < math.inf:
            raise ValueError(f"penalty must be at least 0, not {penalty}")
        self.penalty = penalty

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Add mean and penalised population variance."""
        total = embeddings.new_zeros((), dtype=torch.float32)
        for part in self.group_losses(embeddings, labels, groups):
            present = part.losses[part.is_present]
            total = total + part.coefficient * (present.mean() + self.penalty * present.var(correction=0))
        return total


class InverseGroupFrequency(GroupObjective):
    """Weigh every group alike, however rare: a row of group g weighs N / (G n_g). An oracle.

    Parameters
    ----------
    loss
        What is lowered.
    group_counts
        Shape (groups,): how many training utterances each group has; all positive.
    warm_up_steps, gather
        See `Objective`.
    """

    group_counts: Tensor

    def __init__(
        self, loss: EmbeddingLoss, group_counts: Tensor, *, warm_up_steps: int = 0, gather: bool = False
    ) -> None:
        check_vector("group_counts", group_counts)
        super().__init__(loss, len(group_counts), warm_up_steps=warm_up_steps, gather=gather)
        if not bool(((group_counts > 0) & group_counts.isfinite()).all()):
            raise ValueError(f"every group needs a positive count, not {group_counts.tolist()}")
        self._rows = Accumulated(loss)
        self.register_buffer("group_counts", group_counts.to(torch.float32))

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Average the rows with the weights of their groups."""
        weights = self.group_counts.sum() / (self.count * self.group_counts)
        loss: Tensor = self._rows(embeddings, labels, weights[self._groups(embeddings, groups)])
        return loss
