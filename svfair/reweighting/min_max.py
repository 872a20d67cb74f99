"""The min-max game: the extractor lowers the weighted loss, the adversary raises it."""

import math
from dataclasses import replace
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from svfair.losses.checks import check_batch, check_embeddings
from svfair.reweighting.adversary import Adversary
from svfair.reweighting.diagnostics import Diagnostics, diagnose
from svfair.reweighting.formulations import WeightedLoss
from svfair.reweighting.objective import Objective
from svfair.reweighting.regions import Regions
from svfair.reweighting.weights import Weighting, check_weighting, sample_weights

Play = Literal["alternating", "simultaneous"]


class AdversarialReweighting(Objective):
    """A loss whose samples, or pairs, are weighted by an adversary.

    Calling it gives the extractor's objective. In alternation the weights in it are constants, and
    `take_turn` trains the adversary on the same embeddings, so that it costs no second forward pass::

        objective = AdversarialReweighting(Pairwise(PairLogistic()), Adversary(192, 16), Regions(16, 192))
        optimizer = torch.optim.Adam([*extractor.parameters(), *objective.learner_parameters()])
        adversary_optimizer = torch.optim.Adam(objective.adversary_parameters(), lr=1e-2)
        ...
        objective(embeddings, labels).backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary_optimizer)

    Played simultaneously, the one backward pass gives the extractor its gradient and the adversary the
    reverse of its own, and one optimizer trains both; `take_turn` then only keeps the regions up to date.

    Parameters
    ----------
    loss
        A formulation around a loss, such as `Pairwise(PairLogistic())`, or any module that is called as
        `loss(embeddings, labels, weights)` and takes None for no weights.
    adversary
        The network that weighs samples.
    regions
        The regions that it is told; None for an adversary that sees embeddings alone.
    weighting, largest_weight
        See `sample_weights`.
    play
        `alternating` or `simultaneous`.
    adversary_steps
        In alternation, steps of the adversary to each step of the extractor, all on its batch; 0 freezes it,
        which simultaneous play cannot do.
    reversal_scale
        Played simultaneously, what the adversary's reversed gradient is multiplied by; at least 0.
    warm_up_steps, refit_every, gather
        See `Objective`.

    Notes
    -----
    Lahoti et al. (2020) for the game; Jin et al., "Adversarial Reweighting for Speaker Verification
    Fairness", Interspeech 2022, for pair weights and regions; Ganin and Lempitsky, "Unsupervised Domain
    Adaptation by Backpropagation", ICML 2015, for the reversed gradient.
    """

    def __init__(
        self,
        loss: nn.Module,
        adversary: Adversary,
        regions: Regions | None,
        *,
        weighting: Weighting = "mean_one",
        largest_weight: float | None = None,
        play: Play = "alternating",
        adversary_steps: int = 1,
        reversal_scale: float = 1.0,
        warm_up_steps: int = 0,
        refit_every: int = 100,
        gather: bool = False,
    ) -> None:
        super().__init__(
            loss, regions=regions, warm_up_steps=warm_up_steps, refit_every=refit_every, gather=gather
        )
        count = 0 if regions is None else regions.count
        if adversary.sees_region and adversary.regions != count:
            raise ValueError(f"the adversary expects {adversary.regions} regions, not {count}")
        must_see = getattr(loss, "adversary_sees", None)
        if must_see is not None and (adversary.sees != must_see or adversary.sees_speaker):
            raise ValueError(
                f"{type(loss).__name__} needs an adversary that sees the {must_see} alone: "
                f"Adversary(..., sees='{must_see}')"
            )
        if play not in get_args(Play):
            raise ValueError(f"play is 'alternating' or 'simultaneous', not '{play}'")
        check_weighting(weighting)
        if adversary_steps < 0 or adversary_steps != int(adversary_steps):
            raise ValueError(f"adversary_steps is a whole number of at least 0, not {adversary_steps}")
        if play == "simultaneous" and adversary_steps == 0:
            raise ValueError(
                "adversary_steps=0 freezes the adversary in alternation alone: in simultaneous play the "
                "learner's own optimizer trains it; use play='alternating'"
            )
        if not 0 <= reversal_scale < math.inf:
            raise ValueError(f"reversal_scale is at least 0, not {reversal_scale}")
        if largest_weight is not None and not largest_weight > 1:
            raise ValueError(f"largest_weight must be more than 1 times the mean, not {largest_weight}")
        self.adversary = adversary
        self.weighting: Weighting = weighting
        self.largest_weight = largest_weight
        self.play: Play = play
        self.adversary_steps = int(adversary_steps)
        self.reversal_scale = reversal_scale

    def weighted(self, embeddings: Tensor, labels: Tensor, groups: Tensor | None) -> Tensor:
        """Return the weighted loss; in simultaneous play a reversed gradient reaches the adversary."""
        if self.play == "simultaneous":
            weights = self._reverse_gradient(self.sample_weights(embeddings, labels))
        else:
            with torch.no_grad():
                weights = self.sample_weights(embeddings, labels)
        loss: Tensor = self.loss(embeddings, labels, weights)
        return loss

    def sample_weights(self, embeddings: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the adversary's weight of each sample, shape (batch,), with a gradient to the adversary.

        `labels` (batch,) are needed where the adversary sees speakers.
        """
        check_embeddings(embeddings)
        if self.regions is None:
            nowhere = torch.zeros(len(embeddings), dtype=torch.int64, device=embeddings.device)
            f = self.adversary(embeddings, nowhere, labels=labels)
        else:
            f = self.adversary(embeddings, self.regions(embeddings), self.regions.centroids, labels)
        return sample_weights(f, self.weighting, largest=self.largest_weight)

    def adversary_objective(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return what the adversary maximises, a scalar: the weighted loss of embeddings held fixed.

        Differentiate it by `adversary_parameters()` alone (`torch.autograd.grad`): the loss's own parameters
        have a gradient in it too, and `backward` would hand it to the learner.
        """
        labels = check_batch(embeddings, labels)
        loss: Tensor = self.loss(embeddings.detach(), labels, self.sample_weights(embeddings, labels))
        return loss

    def adapt(
        self, embeddings: Tensor, labels: Tensor, groups: Tensor | None, optimizer: Optimizer | None
    ) -> None:
        """Train the adversary on a batch; where the loss does not depend on the weights, leave it alone."""
        if optimizer is None or not self.needs_optimizer:
            return
        learned = list(self.adversary.parameters())
        for _ in range(self.adversary_steps):
            with torch.enable_grad():
                value = self.adversary_objective(embeddings, labels)
                if not value.requires_grad:  # a miner, say, found nothing to weigh
                    return
                # Not backward(): the parameters of the loss must not gather a gradient from this side.
                gradients = torch.autograd.grad(value, learned, allow_unused=True)
            if self.skips(value, *gradients):
                break
            for parameter, gradient in zip(learned, gradients, strict=True):
                parameter.grad = None if gradient is None else -gradient
            optimizer.step()
        optimizer.zero_grad()

    def learner_parameters(self) -> list[nn.Parameter]:
        """Return the loss's parameters and, in simultaneous play, the adversary's."""
        own = super().learner_parameters()
        return [*own, *self.adversary.parameters()] if self.play == "simultaneous" else own

    def adversary_parameters(self) -> list[nn.Parameter]:
        """Return the adversary's parameters; in simultaneous play `learner_parameters` has them too."""
        return list(self.adversary.parameters())

    def diagnostics(self, embeddings: Tensor, labels: Tensor) -> Diagnostics | None:
        """Look at the adversary's weights on a batch (of this process alone)."""
        labels = check_batch(embeddings, labels)
        if self.is_warming_up:
            return None
        with torch.no_grad():
            weights = self.sample_weights(embeddings, labels)
            if self.regions is None:
                regions, count = torch.zeros_like(labels), 1
            else:
                regions, count = self.regions(embeddings), self.regions.count
        found = diagnose(weights, regions, count, self.sample_losses(embeddings, labels))
        return replace(found, skipped_turns=int(self.skipped_turns))

    def sample_losses(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of each sample without weights, shape (batch,); NaN for one that has none.

        A formulation knows the rows of its losses: see `WeightedLoss.sample_losses`. Any other module is
        asked how much a sample's weight counts: the batch size times the derivative by it at equal weights.
        Where that is 0 the sample is in no term of the loss.
        """
        labels = check_batch(embeddings, labels)
        if isinstance(self.loss, WeightedLoss):
            return self.loss.sample_losses(embeddings.detach(), labels)
        with torch.enable_grad():
            ones = torch.ones(len(labels), device=embeddings.device, requires_grad=True)
            value = self.loss(embeddings.detach(), labels, ones)
            found = torch.autograd.grad(value, ones, allow_unused=True)[0] if value.requires_grad else None
        if found is None:
            return torch.full_like(ones.detach(), torch.nan)
        return (len(labels) * found).masked_fill(found == 0, torch.nan)

    @property
    def needs_optimizer(self) -> bool:
        """Whether the adversary takes steps of its own."""
        return self.play == "alternating" and self.adversary_steps > 0

    def _reverse_gradient(self, weights: Tensor) -> Tensor:
        """Return the same weights, with -reversal_scale times their gradient where that is finite."""
        if weights.requires_grad:
            weights.register_hook(self._finite_or_none)
        return (1 + self.reversal_scale) * weights.detach() - self.reversal_scale * weights

    def _finite_or_none(self, gradient: Tensor) -> Tensor:
        # In place of `skips`: no wait for the device amid a backward pass.
        is_finite = gradient.isfinite().all()
        self.skipped_turns += ~is_finite
        return torch.where(is_finite, gradient, 0.0)
