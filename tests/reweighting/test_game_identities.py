"""What holds for the game over every loss and formulation."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import FORMULATIONS, AdversarialReweighting, make_objective

LABELS = torch.arange(6).repeat_interleave(2)
LOSSES: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "angular_prototypical_binary": lambda: AngularPrototypical(insertion="binary"),
    "generalized_end_to_end": GeneralizedEndToEnd,
    "aam_softmax": lambda: AamSoftmax(8, 6),
    "sum": lambda: LossSum([AngularPrototypical(), AamSoftmax(8, 6)], [1.0, 0.5]),
}
games = pytest.mark.parametrize(
    ("formulation", "loss"),
    [(f, loss) for f in FORMULATIONS for loss in LOSSES if (f, loss) != ("pairwise", "aam_softmax")],
)


def build(loss: str) -> EmbeddingLoss:
    torch.manual_seed(0)
    return LOSSES[loss]()


def batch(seed: int) -> Tensor:
    return torch.randn(12, 8, generator=torch.Generator().manual_seed(seed))


def disturb(adversary: nn.Module) -> None:
    with torch.no_grad():
        for parameter in adversary.parameters():
            parameter += torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))


def make_game(formulation: str, loss: str, **settings: Any) -> AdversarialReweighting:
    game = make_objective(formulation, build(loss), 8, regions=3, **settings)
    assert isinstance(game, AdversarialReweighting)
    assert game.regions is not None
    game.regions.add(batch(0))
    game.regions.refit()
    disturb(game.adversary)
    return game


@games
def test_alternating_and_simultaneous_play_have_the_same_first_gradients(formulation: str, loss: str) -> None:
    gradients = {}
    for play in ("alternating", "simultaneous"):
        torch.manual_seed(0)
        extractor = nn.Linear(4, 8)
        game = make_objective(formulation, build(loss), 8, regions=3, hidden=4, play=play)
        assert isinstance(game, AdversarialReweighting)
        assert game.regions is not None
        disturb(game.adversary)
        game.regions.add(batch(0))
        game.regions.refit()
        inputs = torch.randn(12, 4, generator=torch.Generator().manual_seed(1))
        embeddings = extractor(inputs)
        game(embeddings, LABELS).backward()
        if play == "alternating":
            assert all(parameter.grad is None for parameter in game.adversary.parameters())
            keeper = torch.optim.SGD(game.adversary_parameters(), lr=0.0)
            keeper.zero_grad = lambda *_: None  # type: ignore[method-assign]
            game.take_turn(embeddings, LABELS, keeper)
        learned = [*extractor.parameters(), *game.loss.parameters(), *game.adversary.parameters()]
        gradients[play] = [parameter.grad for parameter in learned]
    for one, other in zip(*gradients.values(), strict=True):
        torch.testing.assert_close(one, other)
    assert any(float(gradient.abs().max()) > 1e-6 for gradient in gradients["simultaneous"][-2:])


@games
def test_the_reversed_gradient_is_scaled_and_the_learner_s_is_not(formulation: str, loss: str) -> None:
    gradients = {}
    for scale in (1.0, 3.0):
        game = make_game(formulation, loss, play="simultaneous", reversal_scale=scale)
        embeddings = batch(1).requires_grad_()
        game(embeddings, LABELS).backward()
        learner = [embeddings.grad, *(parameter.grad for parameter in game.loss.parameters())]
        gradients[scale] = learner, [parameter.grad for parameter in game.adversary.parameters()]
    for one, other in zip(gradients[1.0][0], gradients[3.0][0], strict=True):
        torch.testing.assert_close(other, one)
    for one, other in zip(gradients[1.0][1], gradients[3.0][1], strict=True):
        torch.testing.assert_close(other, 3 * one)
    assert any(float(gradient.abs().max()) > 1e-6 for gradient in gradients[1.0][1])


def test_in_simultaneous_play_one_optimizer_trains_both() -> None:
    game = make_game("pairwise", "pair_logistic", play="simultaneous", reversal_scale=3.0)
    embeddings = batch(2)
    game.take_turn(embeddings, LABELS)  # no optimizer: it only fits the regions
    optimizer = torch.optim.Adam(game.learner_parameters(), lr=1e-2)
    before = float(game.adversary_objective(embeddings, LABELS).detach())
    with torch.no_grad():
        scale = game.loss.loss.score.log_scale.clone()
    for _ in range(50):
        optimizer.zero_grad()
        game(embeddings, LABELS).backward()
        optimizer.step()
        game.take_turn(embeddings, LABELS)
        with torch.no_grad():  # hold the learner still: what moves is the adversary
            game.loss.loss.score.log_scale.copy_(scale)
            game.loss.loss.score.offset.fill_(-5.0)
    assert float(game.adversary_objective(embeddings, LABELS).detach()) > before + 1e-3


@games
def test_equal_losses_give_the_adversary_no_gradient(formulation: str, loss: str) -> None:
    game = make_objective(formulation, build(loss), 8, regions=3).double()
    assert isinstance(game, AdversarialReweighting)
    assert game.regions is not None
    if formulation != "pairwise" or loss in ("pair_logistic", "angular_prototypical_binary"):
        # With weights inside the softmax the loss is not linear in them: there it holds at equal weights.
        disturb(game.adversary)
    for _, part in game.loss.loss.parts:
        if isinstance(part, AamSoftmax):  # every class on its speaker
            with torch.no_grad():
                part.weight.copy_(torch.eye(8)[:6])
    embeddings = torch.eye(8).double()[LABELS]
    game.regions.add(embeddings)
    game.regions.refit()
    # Six speakers at right angles, each with two equal utterances.
    gradients = torch.autograd.grad(game.adversary_objective(embeddings, LABELS), game.adversary_parameters())
    uneven = embeddings.clone()
    uneven[0] = torch.tensor([1.0, 1, 1, 0, 0, 0, 0, 0]).double()
    others = torch.autograd.grad(game.adversary_objective(uneven, LABELS), game.adversary_parameters())
    largest, other = (max(float(g.abs().max()) for g in found) for found in (gradients, others))
    assert largest < 1e-9 < 1e-3 * other


def test_the_literal_identity_holds_for_a_whole_loss() -> None:
    # mean(lambda l) = mean(l) + sum(f l) / sum(f), for the row losses of GE2E.
    game = make_objective("accumulated", GeneralizedEndToEnd(), 8, regions=3, weighting="literal")
    assert isinstance(game, AdversarialReweighting)
    assert game.regions is not None
    disturb(game.adversary)
    embeddings = batch(4)
    part = game.loss.loss
    rows = part.row_losses(part.compare(embeddings, LABELS))
    f = game.adversary(embeddings, game.regions(embeddings))
    expected = rows.mean() + (f * rows).sum() / f.sum()
    torch.testing.assert_close(game.weighted(embeddings, LABELS, None), expected)
