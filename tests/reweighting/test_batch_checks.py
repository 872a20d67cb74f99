"""Batches of another shape, type or device: refused with one line by every method, and nothing is kept."""

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from svfair.errors import InputError
from svfair.losses import PairLogistic
from svfair.reweighting import (
    FORMULATIONS,
    METHODS,
    Accumulated,
    AdversarialReweighting,
    Adversary,
    ConditionalValueAtRisk,
    Focal,
    GroupDro,
    InverseGroupFrequency,
    Regions,
    Setup,
    clip_weights,
    make_objective,
    pair_weights,
    sample_weights,
)

LABELS = "labels of another shape or type"
EMBEDDINGS = "embeddings of another shape or type"
WEIGHTS = "weights of another shape"

SETUP = Setup(5, regions=2, group_counts=torch.tensor([4, 4]))
E = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
L = torch.arange(4).repeat_interleave(2)
G = L % 2
every = pytest.mark.parametrize("method", sorted(METHODS))


def refused(method: str, embeddings: Any, labels: Any, groups: Any = G) -> str:
    """Return the one line with which a call and a turn refuse a batch; the state stays as it was."""
    torch.manual_seed(0)
    objective = make_objective(method, PairLogistic(), SETUP)
    adversary = objective.adversary_parameters()
    optimizer = torch.optim.SGD(adversary) if adversary else None
    objective.take_turn(E, L, optimizer, G)
    before = copy.deepcopy(objective.state_dict())
    with pytest.raises(InputError) as error:
        objective(embeddings, labels, groups)
    with pytest.raises(InputError) as of_turn:
        objective.take_turn(embeddings, labels, optimizer, groups)
    assert str(of_turn.value) == str(error.value)
    after = objective.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


@pytest.mark.fault(LABELS)
@every
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (L[:, None], "labels: have shape (8, 1), not (8,), one for each embedding; flatten them"),
        (L[:-1], "labels: have shape (7,), not (8,), one for each embedding"),
        (L.double(), "labels: are torch.float64, not whole numbers; give them as int64"),
        (L == 0, "labels: are torch.bool, not whole numbers; give them as int64"),
        (None, "labels: must be a tensor, not NoneType"),
        (L.to("meta"), "labels: are on meta, but the embeddings on cpu; move them"),
    ],
)
def test_labels(method: str, labels: Any, message: str) -> None:
    assert refused(method, E, labels) == message


@pytest.mark.fault(EMBEDDINGS)
@every
@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (E[:, None], "embeddings: have shape (8, 1, 5), not (batch, size)"),
        (E[0], "embeddings: have shape (5,), not (batch, size)"),
        (E[:0], "embeddings: have shape (0, 5); there is nothing in the batch"),
        (E.int(), "embeddings: are torch.int32, not floats"),
        (E.tolist(), "embeddings: must be a tensor, not list"),
    ],
)
def test_embeddings(method: str, embeddings: Any, message: str) -> None:
    assert refused(method, embeddings, L) == message


@pytest.mark.fault("groups of another shape or type")
@every
@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (G[:, None], "groups: have shape (8, 1), not (8,), one for each embedding; flatten them"),
        (G.float(), "groups: are torch.float32, not whole numbers; give them as int64"),
        (G.tolist(), "groups: must be a tensor, not list"),
    ],
)
def test_groups(method: str, groups: Any, message: str) -> None:
    assert refused(method, E, L, groups) == message


@pytest.mark.fault(EMBEDDINGS)
@pytest.mark.parametrize("method", ["pairwise", "pseudo_label", "random_weights", "group_dro_regions"])
def test_embeddings_of_another_size_than_the_regions(method: str) -> None:
    objective = make_objective(method, PairLogistic(), SETUP)
    assert objective.regions is not None
    with pytest.raises(InputError) as error:
        objective.take_turn(torch.randn(8, 6), L, torch.optim.SGD([nn.Parameter(torch.zeros(1))]), G)
    assert str(error.value) == "embeddings: have shape (8, 6), not (batch, 5)"
    assert objective.regions.held == 0


@pytest.mark.fault(LABELS)
def test_what_looks_at_a_batch_refuses_it_too() -> None:
    game = AdversarialReweighting(Accumulated(PairLogistic()), Adversary(5, 0, sees="embedding"), None)
    for look in (game.diagnostics, game.adversary_objective, game.sample_losses, game.loss.sample_losses):
        with pytest.raises(InputError, match=r"^labels: have shape \(8, 1\), not \(8,\)"):
            look(E, L[:, None])
    dro = GroupDro(PairLogistic(), 2)
    with pytest.raises(InputError, match=r"^groups: have shape \(8, 1\), not \(8,\)"):
        dro.group_losses(E, L, G[:, None])


@pytest.mark.fault(EMBEDDINGS)
@pytest.mark.parametrize("size", [4, 6])
def test_regions_and_adversaries_take_embeddings_of_their_size(size: int) -> None:
    regions, adversary = Regions(2, 5, bank_size=8), Adversary(5, 2)
    message = rf"^embeddings: have shape \(8, {size}\), not \(batch, 5\)$"
    for take in (regions, regions.add, lambda given: adversary(given, G)):
        with pytest.raises(InputError, match=message):
            take(torch.randn(8, size))
    assert regions.held == 0


@pytest.mark.fault("a method on another device than its batch")
def test_regions_and_adversaries_on_another_device_are_told() -> None:
    regions, adversary = Regions(2, 5, bank_size=8).to("meta"), Adversary(5, 2).to("meta")
    for take in (regions, regions.add, lambda given: adversary(given, G)):
        with pytest.raises(InputError) as error:
            take(E)
        assert str(error.value) == (
            "embeddings: are on cpu, but what takes them on meta; move it with .to(device)"
        )


@pytest.mark.fault("regions or centroids of another shape or type")
@pytest.mark.parametrize(
    ("regions", "centroids", "message"),
    [
        (G[:, None], None, r"^regions: have shape \(8, 1\), not \(8,\)"),
        (G.float(), None, r"^regions: are torch.float32, not whole numbers"),
        (G, torch.ones(3, 5), r"^centroids have shape \(3, 5\), not \(2, 5\)$"),
        (G, torch.ones(2, 4), r"^centroids have shape \(2, 4\), not \(2, 5\)$"),
    ],
)
def test_adversaries_take_a_region_for_each_embedding(regions: Any, centroids: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Adversary(5, 2, region_as="centroid")(
            E, regions, torch.ones(2, 5) if centroids is None else centroids
        )


@pytest.mark.fault(LABELS)
def test_an_adversary_that_sees_speakers_takes_a_label_for_each_embedding() -> None:
    with pytest.raises(InputError, match=r"^labels: have shape \(8, 1\), not \(8,\)"):
        Adversary(5, 2, sees_speaker=True)(E, G, labels=L[:, None])


@pytest.mark.fault(WEIGHTS)
@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
@pytest.mark.parametrize("shape", [(8, 1), (1, 8), (8, 8), (7,), ()])
def test_formulations_take_a_weight_for_each_sample(formulation: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"^weights: have shape .*, not \(8,\), one for each embedding"):
        FORMULATIONS[formulation](PairLogistic())(E, L, torch.ones(shape))


@pytest.mark.fault(WEIGHTS)
@pytest.mark.parametrize("shape", [(8, 1), (8, 8), ()])
def test_weights_are_made_of_one_number_a_sample(shape: tuple[int, ...]) -> None:
    comparisons = PairLogistic().compare(E, L)
    for name, make in (
        ("f", sample_weights),
        ("weights", lambda given: clip_weights(given, 2)),
        ("weights", lambda given: pair_weights(given, comparisons)),
    ):
        with pytest.raises(InputError, match=rf"^{name}: have shape .*, not \(batch,\)"):
            make(torch.ones(shape))


@pytest.mark.fault("a loss that a method cannot look into")
@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), PairLogistic, None])
@pytest.mark.parametrize("method", ["pairwise", "accumulated", "arl", "cvar", "focal", "group_dro_oracle"])
def test_methods_take_embedding_losses(method: str, loss: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^loss must be an embedding loss, such as PairLogistic\(\), not of"
    ):
        make_objective(method, loss, SETUP)


@pytest.mark.fault("a setting out of range")
@pytest.mark.parametrize("value", [float("nan"), -1.0])
def test_settings_that_are_not_numbers_are_refused(value: float) -> None:
    loss = PairLogistic()
    counts = torch.tensor([4.0, value])
    for build in (
        lambda: GroupDro(loss, 2, step_size=value),
        lambda: GroupDro(loss, 2, smoothing=value),
        lambda: Focal(loss, gamma=value),
        lambda: ConditionalValueAtRisk(loss, share=value),
        lambda: InverseGroupFrequency(loss, counts),
        lambda: make_objective("v_rex_regions", loss, SETUP, penalty=value),
        lambda: make_objective("chi_square", loss, SETUP, radius=value),
        lambda: make_objective("random_weights", loss, SETUP, spread=value),
        lambda: make_objective("pairwise", loss, SETUP, reversal_scale=value),
        lambda: make_objective("pairwise", loss, SETUP, largest_weight=value),
    ):
        with pytest.raises(ValueError, match=f"not .*{value:g}"):
            build()
    with pytest.raises(ValueError, match="embedding_size is at least 1, not 0"):
        make_objective("pairwise", loss, 0)


@every
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), speakers=st.integers(2, 5), utterances=st.integers(1, 4))
def test_checks_change_no_value_of_a_valid_batch(
    method: str, seed: int, speakers: int, utterances: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, 5, generator=random)
    labels = torch.arange(speakers).repeat_interleave(utterances)
    objective = make_objective(method, PairLogistic(), SETUP)
    adversary = objective.adversary_parameters()
    objective.take_turn(embeddings, labels, torch.optim.SGD(adversary) if adversary else None, labels % 2)
    assert not objective.is_warming_up
    bare = objective.weighted(embeddings, labels, labels % 2)
    assert torch.equal(objective(embeddings, labels, labels % 2), bare)


@every
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_whole_numbers_of_any_type_give_the_same_loss(method: str, dtype: torch.dtype) -> None:
    objective = make_objective(method, PairLogistic(), SETUP)
    assert torch.equal(objective(E, L.to(dtype), G.to(dtype)), objective(E, L, G))
