import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import AngularPrototypical, EmbeddingLoss, GeneralizedEndToEnd, LossSum, PairLogistic
from svfair.reweighting import (
    FORMULATIONS,
    AdversarialReweighting,
    Adversary,
    Pairwise,
    PseudoLabel,
    Regions,
    make_objective,
)

LABELS = torch.arange(6).repeat_interleave(2)


def make_game(loss: EmbeddingLoss | None = None, **settings: Any) -> AdversarialReweighting:
    torch.manual_seed(0)
    return AdversarialReweighting(
        Pairwise(loss or PairLogistic()), Adversary(8, 3), Regions(3, 8), **settings
    )


def batch(seed: int) -> Tensor:
    return torch.randn(12, 8, generator=torch.Generator().manual_seed(seed))


def disturb(adversary: nn.Module) -> None:
    with torch.no_grad():
        for parameter in adversary.parameters():
            parameter += torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_a_constant_adversary_is_plain_training(loss: type[EmbeddingLoss]) -> None:
    objective = make_game(loss())
    objective.regions.add(batch(0))
    objective.regions.refit()
    assert not objective.is_warming_up
    embeddings = batch(1)
    torch.testing.assert_close(objective(embeddings, LABELS), objective.loss(embeddings, LABELS))


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_the_two_sides_share_no_gradient(loss: type[EmbeddingLoss]) -> None:
    objective = make_game(loss())
    objective.regions.add(batch(0))
    objective.regions.refit()
    disturb(objective.adversary)
    embeddings = batch(1).requires_grad_()
    objective(embeddings, LABELS).backward()
    assert all(parameter.grad is None for parameter in objective.adversary.parameters())
    assert embeddings.grad is not None
    assert objective.loss.loss.score.log_scale.grad is not None

    objective.zero_grad(set_to_none=True)
    embeddings.grad = None
    objective.adversary_objective(embeddings, LABELS).backward()
    assert embeddings.grad is None
    assert all(parameter.grad is not None for parameter in objective.adversary.parameters())


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_turns_raise_the_adversary_s_objective(loss: type[EmbeddingLoss]) -> None:
    objective = make_game(loss())
    optimizer = torch.optim.Adam(objective.adversary.parameters(), lr=1e-2)
    embeddings = batch(2)
    objective.take_turn(embeddings, LABELS, optimizer)
    before = float(objective.adversary_objective(embeddings, LABELS).detach())
    for _ in range(50):
        objective.take_turn(embeddings, LABELS, optimizer)
    assert float(objective.adversary_objective(embeddings, LABELS).detach()) > before + 1e-3
    health = objective.examine(embeddings, LABELS)
    assert health.weight_loss_correlation > 0.2
    assert health.effective_sample_size < 1
    assert health.largest_weight > 1


def test_warm_up_is_plain_training() -> None:
    objective = make_game(warm_up_steps=5)
    optimizer = torch.optim.Adam(objective.adversary.parameters(), lr=1e-2)
    start = copy.deepcopy(objective.adversary.state_dict())
    for step in range(1, 6):
        assert objective.is_warming_up
        objective.take_turn(batch(step), LABELS, optimizer)
        assert objective.regions.is_fitted == (step == 5)
    assert not objective.is_warming_up
    objective.take_turn(batch(9), LABELS, optimizer)
    assert any(not torch.equal(start[k], v) for k, v in objective.adversary.state_dict().items())


def test_permuting_the_batch_permutes_the_weights() -> None:
    objective = make_game()
    objective.regions.add(batch(0))
    objective.regions.refit()
    disturb(objective.adversary)
    embeddings, order = batch(1), torch.randperm(12)
    torch.testing.assert_close(
        objective.sample_weights(embeddings)[order], objective.sample_weights(embeddings[order])
    )
    torch.testing.assert_close(objective(embeddings, LABELS), objective(embeddings[order], LABELS[order]))


def test_resumes_from_a_state_dict() -> None:
    whole = make_game(warm_up_steps=2, refit_every=3)
    halves = make_game(warm_up_steps=2, refit_every=3)
    one = torch.optim.Adam(whole.adversary.parameters(), lr=1e-2)
    other = torch.optim.Adam(halves.adversary.parameters(), lr=1e-2)
    for step in range(4):
        whole.take_turn(batch(step), LABELS, one)
        halves.take_turn(batch(step), LABELS, other)
    resumed = make_game(warm_up_steps=2, refit_every=3)
    resumed.load_state_dict(halves.state_dict())
    again = torch.optim.Adam(resumed.adversary.parameters(), lr=1e-2)
    again.load_state_dict(other.state_dict())
    for step in range(4, 9):
        whole.take_turn(batch(step), LABELS, one)
        resumed.take_turn(batch(step), LABELS, again)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="expects 4 regions, not 3"):
        AdversarialReweighting(Pairwise(PairLogistic()), Adversary(8, 4), Regions(3, 8))
    with pytest.raises(ValueError, match="PseudoLabel needs an adversary that sees the region alone"):
        AdversarialReweighting(PseudoLabel(PairLogistic()), Adversary(8, 3), Regions(3, 8))
    with pytest.raises(ValueError, match="play is 'alternating' or 'simultaneous', not 'chess'"):
        make_game(play="chess")
    with pytest.raises(ValueError, match="largest_weight must be more than 1"):
        make_game(largest_weight=1.0)
    with pytest.raises(ValueError, match="refit_every at least 1"):
        make_game(refit_every=0)
    game = make_game()
    game.regions.add(batch(0))
    game.regions.refit()
    with pytest.raises(ValueError, match="needs the adversary's optimizer"):
        game.take_turn(batch(1), LABELS)


GAMES = [
    (formulation, loss)
    for formulation in FORMULATIONS
    for loss in (PairLogistic, AngularPrototypical, GeneralizedEndToEnd)
]


@pytest.mark.parametrize(("formulation", "loss"), GAMES)
def test_alternating_and_simultaneous_play_have_the_same_first_gradients(
    formulation: str, loss: type[EmbeddingLoss]
) -> None:
    gradients = {}
    for play in ("alternating", "simultaneous"):
        torch.manual_seed(0)
        extractor = nn.Linear(4, 8)
        game = make_objective(formulation, loss(), 8, regions=3, hidden=4, play=play)
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


def test_in_simultaneous_play_one_optimizer_trains_both() -> None:
    game = make_game(play="simultaneous", reversal_scale=3.0)
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


def test_the_adversary_s_turn_leaves_the_learner_s_gradients_alone() -> None:
    game = make_game()
    optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-2)
    game.take_turn(batch(1), LABELS, optimizer)
    assert all(parameter.grad is None for parameter in game.learner_parameters())


def test_no_adversary_steps_freeze_it() -> None:
    game = make_game(adversary_steps=0)
    disturb(game.adversary)
    start = copy.deepcopy(game.adversary.state_dict())
    game.take_turn(batch(1), LABELS)
    game.take_turn(batch(2), LABELS)
    assert all(torch.equal(start[k], v) for k, v in game.adversary.state_dict().items())


def test_more_regions_than_a_batch_has_samples_wait_for_the_bank() -> None:
    game = AdversarialReweighting(Pairwise(PairLogistic()), Adversary(8, 20), Regions(20, 8))
    optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-2)
    game.take_turn(batch(1), LABELS, optimizer)
    assert game.is_warming_up
    game.take_turn(batch(2), LABELS, optimizer)
    assert not game.is_warming_up


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
    assert game.examine(batch(1), LABELS).weight_loss_correlation > 0.3


def test_the_adversary_takes_every_input() -> None:
    for sees in ("embedding", "region", "both"):
        for region_as in ("one_hot", "centroid"):
            game = make_objective(
                "pairwise",
                LossSum([PairLogistic()]),
                8,
                regions=3,
                sees=sees,
                region_as=region_as,
                sees_speaker=True,
                largest_weight=1.5,
            )
            optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-1)
            for step in range(10):
                game.take_turn(batch(step), LABELS, optimizer)
            assert isinstance(game, AdversarialReweighting)
            health = game.examine(batch(3), LABELS)
            assert 1 < health.largest_weight <= 1.5 + 1e-6


@pytest.mark.parametrize(("formulation", "loss"), GAMES)
def test_equal_losses_give_the_adversary_no_gradient(formulation: str, loss: type[EmbeddingLoss]) -> None:
    game = make_objective(formulation, loss(), 8, regions=3).double()
    assert isinstance(game, AdversarialReweighting)
    assert game.regions is not None
    if formulation != "pairwise" or loss is PairLogistic:
        # With weights inside the softmax the loss is not linear in them: there it holds at equal weights.
        disturb(game.adversary)
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
