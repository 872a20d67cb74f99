"""What every method has in common: a loss to lower, and a turn after each step."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from svfair.losses import EmbeddingLoss
from svfair.losses.checks import check_batch, check_whole_numbers
from svfair.reweighting import gathering
from svfair.reweighting.diagnostics import Diagnostics
from svfair.reweighting.regions import Regions


class Objective(nn.Module, ABC):
    """What a training loop lowers, whichever method is behind it.

    Call it for the loss of a batch, step the extractor, then let it take its turn::

        objective(embeddings, labels).backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary_optimizer)

    The extractor's optimizer gets the extractor's parameters and `learner_parameters()`; an optimizer of
    its own gets `adversary_parameters()`, where there are any.

    Parameters
    ----------
    loss
        The loss without weights: `loss(embeddings, labels)`.
    regions
        Regions of the embedding space, for the methods that use them.
    warm_up_steps
        Steps of plain training at the start; regions are first fitted at their end.
    refit_every
        Steps between two fits of the regions.
    gather
        Whether to take the loss over the batches of all processes of `torch.distributed`. Labels and groups
        must then mean the same in all of them. At the first batch every process takes over the state of
        rank 0 (the loss's parameters, the adversary, the regions): processes that were seeded apart would
        otherwise train on losses of their own.

    Notes
    -----
    Nothing that is not finite reaches the state. A turn on embeddings that are not finite is no turn: nothing
    is counted, kept or adapted. An adaptation whose signal or gradient is not finite is left out. Both are
    counted in `skipped_turns`.
    """

    steps: Tensor
    skipped_turns: Tensor

    #: What the host should multiply its learning rate by: a control may be just that.
    learning_rate_factor: float = 1.0

    def __init__(
        self,
        loss: nn.Module,
        *,
        regions: Regions | None = None,
        warm_up_steps: int = 0,
        refit_every: int = 100,
        gather: bool = False,
    ) -> None:
        super().__init__()
        if warm_up_steps < 0 or refit_every < 1:
            raise ValueError(
                "warm_up_steps is at least 0 and refit_every at least 1, "
                f"not {warm_up_steps} and {refit_every}"
            )
        self.loss = loss
        self.regions = regions
        self.warm_up_steps = warm_up_steps
        self.refit_every = refit_every
        self.gather = gather
        self._is_synchronised = False
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("skipped_turns", torch.zeros((), dtype=torch.int64))
        self.register_load_state_dict_pre_hook(_without_skipped_turns)  # type: ignore[no-untyped-call]

    @property
    def is_warming_up(self) -> bool:
        """Whether this is still plain training: the warm-up lasts, or no regions were fitted yet."""
        return int(self.steps) < self.warm_up_steps or not (self.regions is None or self.regions.is_fitted)

    @property
    def needs_optimizer(self) -> bool:
        """Whether `take_turn` needs an optimizer."""
        return False

    def forward(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None = None) -> Tensor:
        """Return what the extractor lowers, a scalar.

        Parameters
        ----------
        embeddings
            Shape (batch, size).
        labels
            Speakers, int64 (batch,).
        groups
            True groups, int64 (batch,): for the oracle methods alone.

        Raises
        ------
        ValueError
            When one of them has another shape or type, or lies on another device.
        """
        labels, groups = _check_batch(embeddings, labels, groups)
        embeddings, labels, groups = self._whole_batch(embeddings, labels, groups)
        if self.is_warming_up:
            plain: Tensor = self.loss(embeddings, labels)
            return plain
        return self.weighted(embeddings, labels, groups)

    @abstractmethod
    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Return the objective after the warm-up, over the whole batch."""

    def take_turn(
        self,
        embeddings: Tensor,
        labels: Tensor,
        optimizer: Optimizer | None = None,
        groups: Tensor | None = None,
    ) -> None:
        """Count one step of the extractor, refit the regions when they are due, and adapt the weights.

        Leave it out where the extractor's optimizer left out its step, as `torch.amp.GradScaler` makes it do.

        Parameters
        ----------
        embeddings, labels, groups
            The batch that the extractor has just stepped on.
        optimizer
            Optimizer of `adversary_parameters()`, where there are any.

        Raises
        ------
        ValueError
            When an adversary takes turns and has no optimizer; in the warm-up too, so that a loop without
            one does not fail hours later. When the batch has another shape or type.
        """
        labels, groups = _check_batch(embeddings, labels, groups)
        if optimizer is None and self.needs_optimizer:
            raise ValueError(
                "take_turn needs the adversary's optimizer, such as "
                "torch.optim.Adam(objective.adversary_parameters())"
            )
        embeddings, labels, groups = self._whole_batch(embeddings.detach(), labels, groups)
        # Gathered, they are the same in every process, and so is what follows.
        if not bool(embeddings.isfinite().all()):
            self.skipped_turns += 1
            return
        self.steps += 1
        if self.regions is not None:
            self._follow(self.regions, embeddings)
        if not self.is_warming_up:
            self.adapt(embeddings, labels, groups, optimizer)

    def adapt(
        self, embeddings: Tensor, labels: Tensor, groups: Tensor | None, optimizer: Optimizer | None
    ) -> None:
        """Adapt the weights to a batch, given without gradient; without a state there is nothing to do."""
        return

    def skips(self, *tensors: Tensor | None) -> bool:
        """Whether a tensor is not finite, in any process that gathers; such a turn is counted as skipped."""
        finite = torch.stack([tensor.isfinite().all() for tensor in tensors if tensor is not None]).all()
        is_finite = gathering.is_true_in_all(finite) if self.gather else bool(finite)
        if not is_finite:
            self.skipped_turns += 1
        return not is_finite

    def diagnostics(self, embeddings: Tensor, labels: Tensor) -> Diagnostics | None:
        """Say what weights of samples do on a batch; None while warming up, and where there are none."""
        return None

    def learner_parameters(self) -> list[nn.Parameter]:
        """Return what the extractor's optimizer trains beside the extractor: the loss's parameters."""
        return list(self.loss.parameters())

    def adversary_parameters(self) -> list[nn.Parameter]:
        """Return what the optimizer given to `take_turn` trains; empty where there is no adversary."""
        return []

    def _follow(self, regions: Regions, embeddings: Tensor) -> None:
        regions.add(embeddings)
        since_warm_up = int(self.steps) - self.warm_up_steps
        is_due = since_warm_up % self.refit_every == 0 or not regions.is_fitted
        if since_warm_up < 0 or not is_due or regions.held < regions.count:
            return
        if not self.gather or gathering.is_first_rank():
            regions.refit()
        if self.gather:
            self._copy_from_first_rank()

    def _copy_from_first_rank(self) -> None:
        gathering.copy_from_first_rank([*(p.data for p in self.parameters()), *self.buffers()])
        self._is_synchronised = True

    def _whole_batch(
        self, embeddings: Tensor, labels: Tensor, groups: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        if not self.gather:
            return embeddings, labels, groups
        embeddings = gathering.gather_embeddings(embeddings)
        if not self._is_synchronised:
            self._copy_from_first_rank()
        return embeddings, gathering.gather(labels), None if groups is None else gathering.gather(groups)


def _check_batch(embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Return labels and groups as int64."""
    labels = check_batch(embeddings, labels)
    return labels, None if groups is None else check_whole_numbers("groups", groups, embeddings)


def _without_skipped_turns(module: nn.Module, state: dict[str, Any], prefix: str, *rest: Any) -> None:
    """Take a state that was saved before skipped turns were counted."""
    state.setdefault(f"{prefix}skipped_turns", torch.zeros((), dtype=torch.int64))


class PlainTraining(Objective):
    """Empirical risk minimisation: the loss as it is.

    Parameters
    ----------
    loss
        What is lowered.
    learning_rate_factor
        2 for the control "plain training at twice the learning rate", which tells whether a method that
        raises weights does more than step further. The host multiplies its learning rate by it.
    gather
        See `Objective`.
    """

    def __init__(
        self, loss: EmbeddingLoss, *, learning_rate_factor: float = 1.0, gather: bool = False
    ) -> None:
        super().__init__(loss, gather=gather)
        self.learning_rate_factor = learning_rate_factor

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Return the plain loss."""
        plain: Tensor = self.loss(embeddings, labels)
        return plain
