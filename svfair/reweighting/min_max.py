"""The min-max game: the extractor lowers the weighted loss, the adversary raises it, in turns."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from svfair.losses import PairLoss
from svfair.reweighting.adversary import Adversary
from svfair.reweighting.formulations import FORMULATIONS
from svfair.reweighting.health import Health, examine
from svfair.reweighting.regions import Regions
from svfair.reweighting.weights import Weighting, sample_weights


class AdversarialReweighting(nn.Module):
    """A pair loss whose pairs are weighted by an adversary.

    Calling it gives the extractor's objective, with the weights held fixed. After the extractor's step,
    `take_turn` trains the adversary on the same embeddings, so that it costs no second forward pass::

        objective = AdversarialReweighting(PairLogistic(), Adversary(192, regions=16), Regions(16, 192))
        adversary_optimizer = torch.optim.Adam(objective.adversary.parameters(), lr=1e-2)
        ...
        objective(embeddings, labels).backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary_optimizer)

    The extractor's optimizer gets the parameters of the extractor and of `objective.loss`, never those of
    `objective.adversary`.

    Parameters
    ----------
    loss
        The metric-learning loss that is weighted.
    adversary, regions
        The network that weighs samples, and the regions that it is told.
    formulation
        A key of `FORMULATIONS`: how sample weights become pair weights.
    weighting
        See `sample_weights`.
    warm_up_steps
        Steps of plain training before the adversary begins; regions are first fitted at their end.
    refit_every
        Steps between two fits of the regions.
    adversary_steps
        Steps of the adversary to each step of the extractor.

    Notes
    -----
    Lahoti et al. (2020) for the game; Jin et al., "Adversarial Reweighting for Speaker Verification
    Fairness", Interspeech 2022, for pair weights and regions.
    """

    steps: Tensor

    def __init__(
        self,
        loss: PairLoss,
        adversary: Adversary,
        regions: Regions,
        *,
        formulation: str = "pairwise",
        weighting: Weighting = "mean_one",
        warm_up_steps: int = 0,
        refit_every: int = 100,
        adversary_steps: int = 1,
    ) -> None:
        super().__init__()
        if formulation not in FORMULATIONS:
            raise ValueError(f"formulation '{formulation}' is none of {', '.join(FORMULATIONS)}")
        if adversary.regions != regions.count:
            raise ValueError(f"the adversary expects {adversary.regions} regions, not {regions.count}")
        self.loss = loss
        self.adversary = adversary
        self.regions = regions
        self.formulation = FORMULATIONS[formulation]
        self.weighting: Weighting = weighting
        self.warm_up_steps = warm_up_steps
        self.refit_every = refit_every
        self.adversary_steps = adversary_steps
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @property
    def is_warming_up(self) -> bool:
        """Whether this is still plain training: the warm-up lasts, or no regions were fitted yet."""
        return int(self.steps) < self.warm_up_steps or not self.regions.is_fitted

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the extractor's objective, a scalar: embeddings (batch, size), labels (batch,)."""
        comparisons = self.loss.compare(embeddings, labels)
        if self.is_warming_up:
            return self.loss.reduce(comparisons)
        with torch.no_grad():
            weights = self.formulation(self.sample_weights(embeddings), comparisons)
        return self.loss.reduce(comparisons, weights)

    def sample_weights(self, embeddings: Tensor) -> Tensor:
        """Return the adversary's weight of each sample, shape (batch,), with a gradient to the adversary."""
        return sample_weights(self.adversary(embeddings, self.regions(embeddings)), self.weighting)

    def adversary_objective(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return what the adversary maximises: the weighted loss, with a gradient to the adversary alone."""
        with torch.no_grad():
            comparisons = self.loss.compare(embeddings.detach(), labels)
        return self.loss.reduce(comparisons, self.formulation(self.sample_weights(embeddings), comparisons))

    def take_turn(self, embeddings: Tensor, labels: Tensor, optimizer: Optimizer) -> None:
        """Count one step of the extractor, refit the regions when they are due, and train the adversary.

        Parameters
        ----------
        embeddings, labels
            The batch that the extractor has just stepped on, shapes (batch, size) and (batch,).
        optimizer
            Optimizer of `adversary.parameters()`.
        """
        embeddings = embeddings.detach()
        self.regions.add(embeddings)
        self.steps += 1
        since_warm_up = int(self.steps) - self.warm_up_steps
        if since_warm_up < 0:
            return
        if since_warm_up % self.refit_every == 0 or not self.regions.is_fitted:
            self.regions.refit()
        for _ in range(self.adversary_steps):
            optimizer.zero_grad()
            (-self.adversary_objective(embeddings, labels)).backward()
            optimizer.step()
        optimizer.zero_grad()

    @torch.no_grad()
    def examine(self, embeddings: Tensor, labels: Tensor) -> Health:
        """Look at the adversary's weights on a batch."""
        comparisons = self.loss.compare(embeddings, labels)
        weights = self.sample_weights(embeddings)
        return examine(
            weights,
            self.regions(embeddings),
            self.regions.count,
            comparisons.over_rows(weights),
            self.loss.row_losses(comparisons),
        )
