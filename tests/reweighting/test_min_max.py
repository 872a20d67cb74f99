import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import AamSoftmax, AngularPrototypical, EmbeddingLoss, LossSum, PairLogistic
from svfair.reweighting import AdversarialReweighting, Adversary, Pairwise, Regions, make_objective

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
    found = objective.diagnostics(embeddings, LABELS)
    assert found.weight_loss_correlation > 0.2
    assert found.effective_sample_size < 1
    assert found.largest_weight > 1


def test_warm_up_is_plain_training() -> None:
    objective = make_game(warm_up_steps=5)
    optimizer = torch.optim.Adam(objective.adversary.parameters(), lr=1e-2)
    start = copy.deepcopy(objective.adversary.state_dict())
    for step in range(1, 6):
        assert objective.is_warming_up
        assert objective.diagnostics(batch(step), LABELS) is None
        objective.take_turn(batch(step), LABELS, optimizer)
        assert objective.regions.is_fitted == (step == 5)
    assert not objective.is_warming_up
    assert objective.diagnostics(batch(9), LABELS) is not None
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
            found = game.diagnostics(batch(3), LABELS)
            assert 1 < found.largest_weight <= 1.5 + 1e-6


def test_several_adversary_steps_are_as_many_turns_on_one_batch() -> None:
    games = [make_game(adversary_steps=3, refit_every=100), make_game(refit_every=100)]
    optimizers = [torch.optim.Adam(game.adversary_parameters(), lr=1e-2) for game in games]
    for game in games:
        game.regions.add(batch(0))
        game.regions.refit()
    games[0].take_turn(batch(1), LABELS, optimizers[0])
    after_one = None
    for _ in range(3):
        games[1].adapt(batch(1), LABELS, None, optimizers[1])
        after_one = after_one or copy.deepcopy(games[1].adversary.state_dict())
    found, expected = (game.adversary.state_dict() for game in games)
    for name in found:
        assert torch.equal(found[name], expected[name])
    assert not torch.equal(found["layers.weight"], after_one["layers.weight"])


def test_regions_are_refitted_on_schedule() -> None:
    game = make_game(warm_up_steps=2, refit_every=3)
    optimizer = torch.optim.Adam(game.adversary_parameters(), lr=1e-2)
    fits = []
    for step in range(9):
        game.take_turn(batch(step), LABELS, optimizer)
        fits.append(int(game.regions.fits))
    assert fits == [0, 1, 1, 1, 2, 2, 2, 3, 3]  # at the end of the warm-up, and every three steps after it


def test_the_adversary_s_turn_leaves_it_without_gradients() -> None:
    # Or a host that steps everything with one optimizer would step the adversary a second time.
    game = make_game()
    game.take_turn(batch(1), LABELS, torch.optim.Adam(game.adversary_parameters(), lr=1e-2))
    assert float(game.adversary.layers.weight.detach().abs().max()) > 0
    assert all(parameter.grad is None for parameter in game.adversary_parameters())


@pytest.mark.parametrize("formulation", ["accumulated", "pseudo_label", "pairwise"])
def test_diagnostics_correlate_weights_with_the_losses_of_rows(formulation: str) -> None:
    for loss in (AngularPrototypical(), LossSum([AngularPrototypical(), AamSoftmax(8, 6)])):
        game = make_objective(formulation, loss, 8, regions=3)
        assert isinstance(game, AdversarialReweighting)
        assert game.regions is not None
        game.regions.add(batch(0))
        game.regions.refit()
        disturb(game.adversary)
        queries = torch.arange(0, 12, 2)  # the samples that are a row of every part
        with torch.no_grad():
            rows = sum(
                coefficient * part.row_losses(part.compare(batch(1), LABELS))[:: 1 if part.has_pairs else 2]
                for coefficient, part in loss.parts
            )
            weights = game.sample_weights(batch(1))[queries]
        expected = float(torch.corrcoef(torch.stack([weights, rows]))[0, 1])
        assert abs(expected) > 1e-3
        assert game.diagnostics(batch(1), LABELS).weight_loss_correlation == pytest.approx(expected, abs=1e-5)
