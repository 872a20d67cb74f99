import copy

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import AngularPrototypical, PairLogistic, PairLoss
from svfair.reweighting import AdversarialReweighting, Adversary, Regions

LABELS = torch.arange(6).repeat_interleave(2)


def make_objective(loss: PairLoss | None = None, **settings: int) -> AdversarialReweighting:
    torch.manual_seed(0)
    return AdversarialReweighting(loss or PairLogistic(), Adversary(8, 3), Regions(3, 8), **settings)


def batch(seed: int) -> Tensor:
    return torch.randn(12, 8, generator=torch.Generator().manual_seed(seed))


def disturb(adversary: nn.Module) -> None:
    with torch.no_grad():
        for parameter in adversary.parameters():
            parameter += torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_a_constant_adversary_is_plain_training(loss: type[PairLoss]) -> None:
    objective = make_objective(loss())
    objective.regions.add(batch(0))
    objective.regions.refit()
    assert not objective.is_warming_up
    embeddings = batch(1)
    torch.testing.assert_close(objective(embeddings, LABELS), objective.loss(embeddings, LABELS))


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_the_two_sides_share_no_gradient(loss: type[PairLoss]) -> None:
    objective = make_objective(loss())
    objective.regions.add(batch(0))
    objective.regions.refit()
    disturb(objective.adversary)
    embeddings = batch(1).requires_grad_()
    objective(embeddings, LABELS).backward()
    assert all(parameter.grad is None for parameter in objective.adversary.parameters())
    assert embeddings.grad is not None
    assert objective.loss.score.log_scale.grad is not None

    objective.zero_grad(set_to_none=True)
    embeddings.grad = None
    objective.adversary_objective(embeddings, LABELS).backward()
    assert embeddings.grad is None
    assert all(parameter.grad is None for parameter in objective.loss.parameters())
    assert all(parameter.grad is not None for parameter in objective.adversary.parameters())


@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical])
def test_turns_raise_the_adversary_s_objective(loss: type[PairLoss]) -> None:
    objective = make_objective(loss())
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
    objective = make_objective(warm_up_steps=5)
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
    objective = make_objective()
    objective.regions.add(batch(0))
    objective.regions.refit()
    disturb(objective.adversary)
    embeddings, order = batch(1), torch.randperm(12)
    torch.testing.assert_close(
        objective.sample_weights(embeddings)[order], objective.sample_weights(embeddings[order])
    )
    torch.testing.assert_close(objective(embeddings, LABELS), objective(embeddings[order], LABELS[order]))


def test_resumes_from_a_state_dict() -> None:
    whole = make_objective(warm_up_steps=2, refit_every=3)
    halves = make_objective(warm_up_steps=2, refit_every=3)
    one = torch.optim.Adam(whole.adversary.parameters(), lr=1e-2)
    other = torch.optim.Adam(halves.adversary.parameters(), lr=1e-2)
    for step in range(4):
        whole.take_turn(batch(step), LABELS, one)
        halves.take_turn(batch(step), LABELS, other)
    resumed = make_objective(warm_up_steps=2, refit_every=3)
    resumed.load_state_dict(halves.state_dict())
    again = torch.optim.Adam(resumed.adversary.parameters(), lr=1e-2)
    again.load_state_dict(other.state_dict())
    for step in range(4, 9):
        whole.take_turn(batch(step), LABELS, one)
        resumed.take_turn(batch(step), LABELS, again)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="'other' is none of pairwise"):
        AdversarialReweighting(PairLogistic(), Adversary(8, 3), Regions(3, 8), formulation="other")
    with pytest.raises(ValueError, match="expects 4 regions, not 3"):
        AdversarialReweighting(PairLogistic(), Adversary(8, 4), Regions(3, 8))
