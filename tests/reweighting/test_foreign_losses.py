"""Losses that this project has never seen: any module called as `loss(embeddings, labels, weights)`."""

import copy

import torch
from torch import Tensor, nn

from svfair.reweighting import AdversarialReweighting, Adversary

LABELS = torch.arange(6).repeat_interleave(2)


def batch(seed: int) -> Tensor:
    return torch.randn(12, 8, generator=torch.Generator().manual_seed(seed))


def test_any_module_that_takes_weights_can_be_reweighted() -> None:
    class TripletLoss(nn.Module):
        def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
            anchor, positive = embeddings[0::2], embeddings[1::2]
            losses = nn.functional.triplet_margin_loss(
                anchor, positive, positive.roll(1, 0), reduction="none"
            )
            return losses.mean() if weights is None else (losses * (weights[0::2] + weights[1::2])).mean() / 2

    game = AdversarialReweighting(TripletLoss(), Adversary(8, 0, sees="embedding"), None)
    optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-2)
    for step in range(20):
        game(batch(1), LABELS)
        game.take_turn(batch(1), LABELS, optimizer)
        assert not game.is_warming_up, step
    assert game.diagnostics(batch(1), LABELS).weight_loss_correlation > 0.3


class MinedLoss(nn.Module):
    """Squared distances of target pairs further apart than a margin; where there is none, a plain zero."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        distances = (embeddings[0::2] - embeddings[1::2]).norm(dim=1)
        mined = distances > self.margin
        if not mined.any():
            return embeddings.sum() * 0
        if weights is not None:
            distances = distances * (weights[0::2] + weights[1::2]) / 2
        return self.factor * (distances[mined] ** 2).mean()


class Unweighted(nn.Module):
    """A loss with a parameter of its own that does not look at the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        return self.factor * embeddings.square().mean()


def test_a_loss_that_does_not_depend_on_the_weights_leaves_the_adversary_alone() -> None:
    for loss in (MinedLoss(margin=1e9), Unweighted()):
        game = AdversarialReweighting(
            loss, Adversary(8, 0, sees="embedding", initial_spread=1.0), None, adversary_steps=2
        )
        optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-2)
        start = copy.deepcopy(game.adversary.state_dict())
        for step in range(3):
            game.take_turn(batch(step), LABELS, optimizer)
        assert all(torch.equal(start[k], v) for k, v in game.adversary.state_dict().items())
        assert bool(game.sample_losses(batch(1), LABELS).isnan().all())
        found = game.diagnostics(batch(1), LABELS)
        assert found.weight_loss_correlation == 0
        assert found.effective_sample_size < 1


def test_samples_that_a_miner_left_out_have_no_loss() -> None:
    embeddings = batch(1)
    distances = (embeddings[0::2] - embeddings[1::2]).norm(dim=1)
    game = AdversarialReweighting(
        MinedLoss(float(distances.median())), Adversary(8, 0, sees="embedding"), None
    )
    losses = game.sample_losses(embeddings, LABELS)
    mined = (distances > distances.median()).repeat_interleave(2)
    assert torch.equal(losses.isnan(), ~mined)
    # Batch times the derivative by a weight: 12 * (2 d^2 / 2) / (mined pairs).
    expected = 12 * distances.repeat_interleave(2)[mined] ** 2 / (mined.sum() / 2)
    torch.testing.assert_close(losses[mined], expected)
    game.take_turn(embeddings, LABELS, torch.optim.Adam(game.adversary_parameters(), lr=1e-2))
    assert float(game.adversary.layers.weight.detach().abs().max()) > 0  # type: ignore[union-attr, operator]
