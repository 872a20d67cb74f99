"""Adversarial weights over a loss and a miner of pytorch-metric-learning.

    pip install pytorch-metric-learning
    python examples/pytorch_metric_learning_loop.py

The library's own seam for weights is the reducer: it is handed the losses of pairs or triplets with the
utterances that they are of. Ours multiplies each by the sum of its samples' weights.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from plain_training import draw_batch
from pytorch_metric_learning.losses import ContrastiveLoss
from pytorch_metric_learning.miners import PairMarginMiner
from pytorch_metric_learning.reducers import BaseReducer
from torch import Tensor, nn

from svfair.reweighting import AdversarialReweighting, Adversary, Regions


class WeightedReducer(BaseReducer):
    """Mean of losses, each times the mean weight of the samples that it compares."""

    weights: Tensor | None = None

    def _mean(self, losses: Tensor, members: tuple[Tensor, ...]) -> Tensor:
        if self.weights is None:
            return losses.mean()
        return (losses * torch.stack([self.weights[samples] for samples in members]).mean(0)).mean()

    def element_reduction(self, losses: Tensor, indices: Any, *_: Any) -> Tensor:
        """Weigh the losses of samples."""
        return self._mean(losses, (indices,))

    def pos_pair_reduction(self, losses: Tensor, indices: Any, *_: Any) -> Tensor:
        """Weigh the losses of target pairs."""
        return self._mean(losses, indices)

    def neg_pair_reduction(self, losses: Tensor, indices: Any, *_: Any) -> Tensor:
        """Weigh the losses of non-target pairs."""
        return self._mean(losses, indices)

    def triplet_reduction(self, losses: Tensor, indices: Any, *_: Any) -> Tensor:
        """Weigh the losses of triplets."""
        return self._mean(losses, indices)


class MinedLoss(nn.Module):
    """A loss and a miner, called as svfair calls a loss: with weights of samples, or none."""

    def __init__(self, loss: nn.Module, miner: nn.Module) -> None:
        super().__init__()
        self.loss = loss
        self.miner = miner

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the loss of what the miner finds in a batch."""
        for module in self.loss.modules():  # a loss of two terms has a copy of the reducer for each
            if isinstance(module, WeightedReducer):
                module.weights = weights
        value: Tensor = self.loss(embeddings, labels, self.miner(embeddings, labels))
        return value


def main(steps: int = 200, checkpoint: Path | None = None) -> float:
    """Train, going on from a checkpoint if there is one; return the last loss."""
    torch.manual_seed(0)
    extractor = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 16))
    loss = ContrastiveLoss(pos_margin=0, neg_margin=1, reducer=WeightedReducer())
    objective = AdversarialReweighting(
        MinedLoss(loss, PairMarginMiner(pos_margin=0.2, neg_margin=1.2)),
        Adversary(16, regions=8),
        Regions(8, 16),
        warm_up_steps=50,
    )
    optimizer = torch.optim.Adam([*extractor.parameters(), *objective.learner_parameters()], lr=1e-3)
    adversary = torch.optim.Adam(objective.adversary_parameters(), lr=1e-2)
    saved = {"extractor": extractor, "objective": objective, "optimizer": optimizer, "adversary": adversary}
    first = 0
    if checkpoint is not None and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first = state.pop("step")
        for name, part in saved.items():
            part.load_state_dict(state[name])
    for step in range(first, steps):
        features, labels = draw_batch(step)
        embeddings = extractor(features)
        value = objective(embeddings, labels)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary)
        if step % 50 == 49:
            print(f"step {step + 1}: loss {value.item():.4f}")
    if checkpoint is not None:
        torch.save({"step": steps, **{name: part.state_dict() for name, part in saved.items()}}, checkpoint)
    return value.item()


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, Path), sys.argv[1:], strict=False)))
