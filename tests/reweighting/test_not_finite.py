"""Numbers that are not finite reach no state of an objective."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import PairLogistic
from svfair.reweighting import AdversarialReweighting, Objective, Regions, make_objective

NOT_FINITE = pytest.mark.fault("numbers that are not finite")
LABELS = torch.arange(6).repeat_interleave(2)
GROUPS = LABELS % 2
METHODS: dict[str, dict[str, Any]] = {
    "pairwise": {},
    "accumulated": {},
    "pseudo_label": {},
    "arl": {},
    "group_dro_regions": {},
    "smoothed_group_dro_oracle": {"group_counts": torch.tensor([6, 6])},
    "v_rex_regions": {},
    "cvar": {},
}


def batch(seed: int) -> Tensor:
    return torch.randn(12, 8, generator=torch.Generator().manual_seed(seed))


class Loop:
    """A training loop of somebody else, over embeddings that it learns itself."""

    def __init__(self, method: str, **settings: Any) -> None:
        torch.manual_seed(0)
        self.objective = make_objective(method, PairLogistic(), 8, regions=3, **settings)
        adversary = self.objective.adversary_parameters()
        self.optimizer = torch.optim.Adam(adversary, lr=0.1) if adversary else None

    def turn(self, embeddings: Tensor) -> None:
        self.objective.take_turn(embeddings, LABELS, self.optimizer, GROUPS)

    def state(self) -> dict[str, Any]:
        optimizer = {} if self.optimizer is None else copy.deepcopy(self.optimizer.state_dict())
        kept = {name: value.clone() for name, value in self.objective.state_dict().items()}
        return {"optimizer": optimizer, **kept, "skipped_turns": None}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


@NOT_FINITE
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_turn_on_embeddings_that_are_not_finite_is_no_turn(method: str, value: float) -> None:
    loop, undisturbed = (Loop(method, **METHODS[method]) for _ in range(2))
    for step in range(3):
        loop.turn(batch(step))
        undisturbed.turn(batch(step))
    bad = batch(9)
    bad[4, 2] = value
    loop.turn(bad)
    assert same(loop.state(), undisturbed.state())
    loop.turn(batch(4))
    undisturbed.turn(batch(4))
    assert same(loop.state(), undisturbed.state())
    assert int(loop.objective.skipped_turns) == 1
    assert bool(loop.objective(batch(5), LABELS, GROUPS).isfinite())


class Overflowing(nn.Module):
    """A weighted loss whose value, or whose gradient alone, is not finite while `broken` says so."""

    broken = ""

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        values = embeddings.square().mean(1)
        values = values if weights is None else weights * values
        if self.broken == "loss":
            return values.sum() * torch.inf
        if self.broken == "gradient":  # the square root has an infinite slope at 0
            return values.mean() + (0 * values).sqrt().mean()
        return values.mean()


def game(**settings: Any) -> AdversarialReweighting:
    from svfair.reweighting import Adversary

    torch.manual_seed(0)
    adversary = Adversary(8, 0, sees="embedding", initial_spread=0.5)
    return AdversarialReweighting(Overflowing(), adversary, None, **settings)


@NOT_FINITE
@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_the_adversary_skips_a_signal_or_gradient_that_is_not_finite(broken: str) -> None:
    objective = game(adversary_steps=2)
    optimizer = torch.optim.Adam(objective.adversary_parameters(), lr=0.1)
    objective.take_turn(batch(0), LABELS, optimizer)
    before = copy.deepcopy((list(objective.adversary.parameters()), optimizer.state_dict()))
    objective.loss.broken = broken
    objective.take_turn(batch(1), LABELS, optimizer)
    assert same([list(objective.adversary.parameters()), optimizer.state_dict()], list(before))
    assert all(parameter.grad is None for parameter in objective.adversary.parameters())
    objective.loss.broken = ""
    objective.take_turn(batch(2), LABELS, optimizer)
    assert not same(list(objective.adversary.parameters()), before[0])
    assert all(bool(parameter.isfinite().all()) for parameter in objective.adversary.parameters())
    assert int(objective.skipped_turns) == 1
    found = objective.diagnostics(batch(2), LABELS)
    assert found is not None
    assert found.skipped_turns == 1


@NOT_FINITE
@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_played_simultaneously_the_adversary_gets_no_gradient_that_is_not_finite(broken: str) -> None:
    objective = game(play="simultaneous")
    objective.loss.broken = broken
    objective(batch(0), LABELS).backward()
    for parameter in objective.adversary.parameters():
        assert parameter.grad is not None
        assert torch.equal(parameter.grad, torch.zeros_like(parameter))
    assert int(objective.skipped_turns) == 1
    objective.loss.broken = ""
    objective(batch(0), LABELS).backward()
    assert any(bool(parameter.grad.any()) for parameter in objective.adversary.parameters())
    assert int(objective.skipped_turns) == 1


@NOT_FINITE
@pytest.mark.parametrize("smoothing", [None, 0.5])
def test_group_weights_stay_as_they_are_where_a_group_loss_is_not_finite(smoothing: float | None) -> None:
    from svfair.reweighting import GroupDro

    class Infinite(PairLogistic):
        def row_losses(self, comparisons: Any) -> Tensor:
            rows: Tensor = super().row_losses(comparisons)
            return torch.where(torch.arange(len(rows)) == 3, torch.inf, rows)

    objective = GroupDro(Infinite(), 2, smoothing=smoothing)
    objective.take_turn(batch(0), LABELS, groups=GROUPS)
    assert objective.group_weights.tolist() == [0.5, 0.5]
    assert int(objective.skipped_turns) == 1


@NOT_FINITE
def test_the_bank_takes_the_finite_embeddings_of_a_batch_alone() -> None:
    mixed, clean = Regions(2, 8, bank_size=16), Regions(2, 8, bank_size=16)
    embeddings = batch(0)
    spoilt = embeddings.clone()
    spoilt[3, 1], spoilt[7, 0] = torch.nan, torch.inf
    mixed.add(spoilt)
    clean.add(embeddings[[0, 1, 2, 4, 5, 6, 8, 9, 10, 11]])
    mixed.refit()
    clean.refit()
    assert mixed.held == 10
    assert torch.equal(mixed.bank, clean.bank)
    assert torch.equal(mixed.centroids, clean.centroids)


@NOT_FINITE
def test_half_precision_that_overflows_in_the_bank_is_left_out() -> None:
    regions = Regions(2, 8, bank_size=16).half()
    embeddings = batch(0)
    embeddings[0] *= 1e6
    regions.add(embeddings)
    assert regions.held == 11
    assert bool(regions.bank.isfinite().all())


@NOT_FINITE
def test_a_step_that_a_scaler_leaves_out_is_none_of_the_adversary() -> None:
    loop = Loop("pairwise")
    embeddings = nn.Parameter(batch(0))
    optimizer = torch.optim.Adam([embeddings, *loop.objective.learner_parameters()])
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    taken = 0
    for step in range(4):
        before = embeddings.detach().clone()
        optimizer.zero_grad()
        loss = loop.objective(embeddings, LABELS) * (torch.inf if step == 1 else 1)
        scaler.scale(loss).backward()
        scale = scaler.get_scale()
        scaler.step(optimizer)
        scaler.update()
        if scaler.get_scale() >= scale:  # as docs/reweighting.md says
            loop.turn(before)
            taken += 1
    assert taken == 3
    assert int(loop.objective.steps) == 3
    assert loop.optimizer is not None
    assert {int(kept["step"]) for kept in loop.optimizer.state.values()} == {3}
    assert all(bool(value.isfinite().all()) for value in (embeddings, *loop.objective.state_dict().values()))


def test_a_state_of_before_turns_were_counted_out_is_taken() -> None:
    objective: Objective = make_objective("pairwise", PairLogistic(), 8, regions=3)
    older = {name: value for name, value in objective.state_dict().items() if name != "skipped_turns"}
    objective.load_state_dict(older)
    assert int(objective.skipped_turns) == 0
