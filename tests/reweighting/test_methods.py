import copy
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from svfair.losses import AamSoftmax, AngularPrototypical, EmbeddingLoss, LossSum, PairLogistic
from svfair.reweighting import (
    FORMULATIONS,
    METHODS,
    AdversarialReweighting,
    GroupDro,
    Objective,
    Setup,
    make_objective,
    settings_of,
)

LABELS = torch.arange(6).repeat_interleave(2)
GROUPS = LABELS % 2
SETUP = Setup(8, regions=3, warm_up_steps=2, refit_every=3, group_counts=torch.tensor([6, 6]))


def batch(seed: int) -> Tensor:
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(seed))


def play(method: str, loss: EmbeddingLoss, steps: int, *, resume_at: int | None = None) -> tuple[dict, dict]:
    """Train a linear extractor in a loop that knows nothing of methods."""
    torch.manual_seed(0)
    extractor, objective = nn.Linear(4, 8), make_objective(method, copy.deepcopy(loss), SETUP)
    optimizers = make_optimizers(extractor, objective)
    for step in range(steps):
        if step == resume_at:
            saved = [copy.deepcopy(part.state_dict()) for part in (extractor, objective, *optimizers)]
            torch.manual_seed(99)
            extractor, objective = nn.Linear(4, 8), make_objective(method, copy.deepcopy(loss), SETUP)
            optimizers = make_optimizers(extractor, objective)
            for part, state in zip((extractor, objective, *optimizers), saved, strict=True):
                part.load_state_dict(state)
        embeddings = extractor(batch(step))
        optimizers[0].zero_grad()
        value = objective(embeddings, LABELS, GROUPS)
        assert bool(value.isfinite())
        value.backward()
        optimizers[0].step()
        objective.take_turn(embeddings, LABELS, *optimizers[1:], groups=GROUPS)
    return extractor.state_dict(), objective.state_dict()


def make_optimizers(extractor: nn.Module, objective: Objective) -> list[torch.optim.Optimizer]:
    rate = 1e-2 * objective.learning_rate_factor
    learner = torch.optim.Adam([*extractor.parameters(), *objective.learner_parameters()], lr=rate)
    adversary = objective.adversary_parameters()
    return [learner, torch.optim.Adam(adversary, lr=1e-2)] if adversary else [learner]


LOSSES = {
    "pair_logistic": PairLogistic(),
    "sum": LossSum([AngularPrototypical(), AamSoftmax(8, 6)]),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_method_trains_in_one_and_the_same_loop_and_resumes(method: str, loss: str) -> None:
    whole, resumed = play(method, LOSSES[loss], 8), play(method, LOSSES[loss], 8, resume_at=5)
    for one, other in zip(whole, resumed, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert torch.equal(one[name], other[name]), name


def test_the_doubled_rate_is_another_method_in_that_loop() -> None:
    (plain, _), (doubled, _) = (play(name, PairLogistic(), 1) for name in ("plain", "plain_doubled_rate"))
    torch.manual_seed(0)
    start = nn.Linear(4, 8).weight.detach()
    # Adam's first step is the learning rate, in the direction of the gradient.
    torch.testing.assert_close(doubled["weight"] - start, 2 * (plain["weight"] - start), rtol=1e-3, atol=1e-6)
    assert float((plain["weight"] - start).abs().max()) > 1e-3


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("plain", "plain_doubled_rate")])
def test_every_method_is_plain_training_during_the_warm_up_and_not_after(method: str) -> None:
    loss = PairLogistic()
    torch.manual_seed(0)
    objective = make_objective(method, loss, SETUP, group_counts=torch.tensor([2, 10]))
    extractor = nn.Linear(4, 8)
    adversary = objective.adversary_parameters()
    optimizer = torch.optim.Adam(adversary, lr=1e-1) if adversary else None
    with torch.no_grad():
        embeddings = extractor(batch(0))
        for _ in range(2):
            torch.testing.assert_close(objective(embeddings, LABELS, GROUPS), loss(embeddings, LABELS))
            objective.take_turn(embeddings, LABELS, optimizer, GROUPS)
        for step in range(3):
            objective.take_turn(extractor(batch(step)), LABELS, optimizer, GROUPS)
        found, plain = objective(embeddings, LABELS, GROUPS), loss(embeddings, LABELS)
    assert abs(float(found - plain)) > 1e-6


def test_a_method_over_aam_softmax_alone() -> None:
    for method in METHODS:
        if method == "pairwise":
            with pytest.raises(ValueError, match="has no pairs"):
                make_objective(method, AamSoftmax(8, 6), SETUP)
        else:
            play(method, AamSoftmax(8, 6), 4)


def test_settings_reach_the_method() -> None:
    objective = make_objective(
        "pairwise", PairLogistic(), 8, regions=5, hidden=7, largest_weight=3.0, play="simultaneous"
    )
    assert isinstance(objective, AdversarialReweighting)
    assert objective.regions is not None
    assert (objective.regions.count, objective.largest_weight, objective.play) == (5, 3.0, "simultaneous")
    assert make_objective("plain_doubled_rate", PairLogistic(), 8).learning_rate_factor == 2
    assert make_objective("plain", PairLogistic(), 8).learning_rate_factor == 1


@pytest.mark.parametrize("method", METHODS)
def test_every_setting_of_a_method_can_be_given_and_no_other(method: str) -> None:
    shared = set(Setup.__dataclass_fields__)
    settings = settings_of(method)
    assert shared <= settings.keys()
    given = {name: one.default for name, one in settings.items() if name not in shared}
    default = make_objective(method, PairLogistic(), SETUP)
    assert type(make_objective(method, PairLogistic(), SETUP, **given)) is type(default)
    for name, value in given.items():  # the defaults that it tells are those that it has
        if hasattr(default, name):
            assert getattr(default, name) == value
    others = {name for other in METHODS for name in settings_of(other)} - settings.keys()
    for name in others:
        with pytest.raises(
            TypeError, match=f"method '{method}' does not take the setting '{name}'; it takes"
        ):
            make_objective(method, PairLogistic(), SETUP, **{name: 1})


def test_settings_of_methods_are_told_with_types_and_defaults() -> None:
    own = {
        method: {name: one.default for name, one in settings_of(method).items()}.keys()
        - Setup.__dataclass_fields__.keys()
        for method in METHODS
    }
    game = {"weighting", "largest_weight", "play", "adversary_steps", "reversal_scale"}
    assert own["pairwise"] == own["arl"] == game
    assert own["random_weights"] == game - {"adversary_steps"} | {"spread"}
    assert own["plain"] == own["plain_doubled_rate"] == own["inverse_frequency_oracle"] == set()
    assert own["cvar"] == {"share"}
    assert own["group_dro_regions"] == own["smoothed_group_dro_oracle"] == {"step_size", "smoothing"}
    assert settings_of("smoothed_group_dro_oracle")["smoothing"].default == 0.5
    assert settings_of("arl")["weighting"].default == "literal"
    assert settings_of("pairwise")["weighting"].default == "mean_one"
    assert get_args(settings_of("pairwise")["play"].annotation) == ("alternating", "simultaneous")
    with pytest.raises(ValueError, match="method 'magic' is none of plain"):
        settings_of("magic")


def test_arl_has_literal_weights_as_published() -> None:
    loss = PairLogistic()
    objective = make_objective("arl", loss, 8)
    embeddings = torch.randn(12, 8)
    assert isinstance(objective, AdversarialReweighting)
    assert float(objective.sample_weights(embeddings).mean().detach()) == pytest.approx(2)
    # Its adversary starts constant: twice the plain loss.
    torch.testing.assert_close(objective(embeddings, LABELS), 2 * loss(embeddings, LABELS))
    assert not objective.adversary.sees_region


def test_the_smoothed_methods_smooth() -> None:
    for name in ("group_dro_regions", "group_dro_oracle"):
        for prefix, expected in (("", None), ("smoothed_", 0.5)):
            objective = make_objective(prefix + name, PairLogistic(), SETUP)
            assert isinstance(objective, GroupDro)
            assert (objective.smoothing, objective.step_size) == (expected, 0.01)


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="method 'magic' is none of plain, plain_doubled_rate, accumulated"):
        make_objective("magic", PairLogistic(), 8)
    with pytest.raises(ValueError, match="needs group_counts"):
        make_objective("group_dro_oracle", PairLogistic(), 8)
    with pytest.raises(TypeError, match="method 'cvar' does not take the setting 'gamma'"):
        make_objective("cvar", PairLogistic(), 8, gamma=2.0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_method_works_in_mixed_precision(method: str, loss: str) -> None:
    torch.manual_seed(0)
    extractor, objective = nn.Linear(4, 8), make_objective(method, copy.deepcopy(LOSSES[loss]), SETUP)
    optimizers = make_optimizers(extractor, objective)
    for step in range(6):
        optimizers[0].zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            embeddings = extractor(batch(step))
            assert embeddings.dtype == torch.bfloat16
            value = objective(embeddings, LABELS, GROUPS)
            assert value.dtype == torch.float32
            value.backward()
            optimizers[0].step()
            objective.take_turn(embeddings, LABELS, *optimizers[1:], groups=GROUPS)
    for tensor in (*extractor.parameters(), *objective.state_dict().values()):
        assert bool(tensor.isfinite().all())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("embedding_dtype", "objective_dtype"),
    [(torch.float64, torch.float32), (torch.float32, torch.float64), (torch.bfloat16, torch.bfloat16)],
)
def test_every_method_works_in_any_precision(
    method: str, loss: str, embedding_dtype: torch.dtype, objective_dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    settings = {"largest_weight": 3.0} if method in FORMULATIONS else {}
    objective = make_objective(method, copy.deepcopy(LOSSES[loss]), SETUP, **settings).to(objective_dtype)
    extractor = nn.Linear(4, 8).to(embedding_dtype)
    optimizers = make_optimizers(extractor, objective)
    for step in range(6):
        embeddings = extractor(batch(step).to(embedding_dtype))
        optimizers[0].zero_grad()
        objective(embeddings, LABELS, GROUPS).backward()
        optimizers[0].step()
        objective.take_turn(embeddings, LABELS, *optimizers[1:], groups=GROUPS)
    found = objective.diagnostics(embeddings, LABELS)
    assert (found is not None) == isinstance(objective, AdversarialReweighting)
    assert found is None or found.effective_sample_size > 0
    for tensor in (*extractor.parameters(), *objective.state_dict().values()):
        assert bool(tensor.isfinite().all())


@pytest.mark.parametrize("method", METHODS)
def test_the_smallest_batches(method: str) -> None:
    # Two utterances: of one speaker (targets alone), and of two (non-targets alone).
    for labels in (torch.tensor([0, 0]), torch.tensor([0, 1])):
        torch.manual_seed(0)
        objective = make_objective(
            method, PairLogistic(), 8, regions=2, group_counts=torch.tensor([1, 1]), hidden=3
        )
        adversary = objective.adversary_parameters()
        optimizer = torch.optim.Adam(adversary, lr=1e-2) if adversary else None
        for _ in range(4):
            embeddings = torch.randn(2, 8, requires_grad=True)
            objective(embeddings, labels, labels).backward()
            assert embeddings.grad is not None
            assert bool(embeddings.grad.isfinite().all())
            objective.take_turn(embeddings, labels, optimizer, labels)
