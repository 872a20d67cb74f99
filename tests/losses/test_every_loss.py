from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)

SIZE = 6
BUILDERS: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "angular_prototypical_binary": lambda: AngularPrototypical(insertion="binary"),
    "generalized_end_to_end": GeneralizedEndToEnd,
    "generalized_end_to_end_binary": lambda: GeneralizedEndToEnd(insertion="binary"),
    "aam_softmax": lambda: AamSoftmax(SIZE, 5),
    "sum": lambda: LossSum([AngularPrototypical(), AamSoftmax(SIZE, 5)], [1.0, 0.5]),
}
every = pytest.mark.parametrize("name", sorted(BUILDERS))


def batch(seed: int, speakers: int = 4, utterances: int = 3) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, SIZE, generator=random, dtype=torch.float64)
    return embeddings, torch.arange(speakers).repeat_interleave(utterances)


def build(name: str) -> EmbeddingLoss:
    torch.manual_seed(0)
    return BUILDERS[name]().double()


@every
def test_gradients(name: str) -> None:
    loss = build(name)
    embeddings, labels = batch(1, utterances=3)
    assert torch.autograd.gradcheck(lambda e: loss(e, labels), embeddings.requires_grad_())


@every
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), speakers=st.integers(1, 5), utterances=st.integers(2, 4))
def test_does_not_depend_on_lengths_or_on_the_order_of_speakers(
    name: str, seed: int, speakers: int, utterances: int
) -> None:
    loss = build(name)
    embeddings, labels = batch(seed, speakers, utterances)
    value = float(loss(embeddings, labels).detach())
    order = torch.arange(len(labels)).reshape(speakers, utterances).flip(0).flatten()
    assert float(loss(embeddings[order], labels[order]).detach()) == pytest.approx(value, rel=1e-9)
    if "angular" not in name and name != "sum":  # whose prototypes are means of embeddings as they are
        factors = 0.1 + torch.rand(len(labels), 1, dtype=torch.float64)
        assert float(loss(factors * embeddings, labels).detach()) == pytest.approx(value, rel=1e-6)


@every
@pytest.mark.parametrize(("speakers", "utterances"), [(1, 2), (1, 5), (2, 2), (5, 4)])
@pytest.mark.parametrize("duplicates", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_small_and_degenerate_batches_give_finite_losses_and_gradients(
    name: str, speakers: int, utterances: int, duplicates: bool, dtype: torch.dtype
) -> None:
    loss = BUILDERS[name]()
    embeddings, labels = batch(2, speakers, utterances)
    if duplicates:
        embeddings = torch.ones_like(embeddings)
    embeddings = embeddings.to(dtype).requires_grad_()
    value = loss(embeddings, labels)
    value.backward()
    assert value.shape == ()
    assert bool(value.isfinite())
    for tensor in (embeddings, *loss.parameters()):
        assert tensor.grad is None or bool(tensor.grad.isfinite().all())
    assert embeddings.grad is not None


@every
def test_float32_and_autocast_agree_with_float64(name: str) -> None:
    loss = build(name)
    embeddings, labels = batch(3)
    expected = float(loss(embeddings, labels).detach())
    single = loss.float()
    assert float(single(embeddings.float(), labels).detach()) == pytest.approx(expected, rel=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = single(embeddings.float(), labels)
        assert mixed.dtype == torch.float32
        assert float(mixed.detach()) == pytest.approx(expected, rel=1e-5)
        # Embeddings that arrive in bfloat16 have lost digits, and nothing more is lost.
        rough = single(embeddings.bfloat16(), labels)
    assert rough.dtype == torch.float32
    exact = float(single(embeddings.bfloat16().float(), labels).detach())
    assert float(rough.detach()) == pytest.approx(exact, rel=1e-6)


@every
def test_the_loss_is_the_mean_of_its_row_losses(name: str) -> None:
    loss = build(name)
    embeddings, labels = batch(4)
    total = 0.0
    for coefficient, part in loss.parts:
        compared = part.compare(embeddings, labels)
        rows = part.row_losses(compared)
        assert rows.shape == compared.row_samples.shape
        assert len(set(compared.row_samples.tolist())) == len(rows)
        assert bool((rows >= 0).all())
        total += coefficient * float(rows.mean().detach())
    assert float(loss(embeddings, labels).detach()) == pytest.approx(total)


@every
def test_everything_is_made_on_the_device_of_the_batch(name: str) -> None:
    loss = build(name)
    embeddings, labels = batch(5)
    expected = loss(embeddings, labels)
    # What is made without a device lands on that of the context, where nothing can be computed.
    with torch.device("meta"):
        found = loss(embeddings, labels)
        compared = [part.compare(embeddings, labels) for _, part in loss.parts]
    torch.testing.assert_close(found, expected)
    for one in compared:
        for tensor in (one.scores, one.is_target, one.is_used, one.row_samples, one.column_members):
            assert tensor is None or tensor.device == labels.device


@every
def test_parameters_in_float32_take_embeddings_in_float64(name: str) -> None:
    embeddings, labels = batch(6)
    expected = float(build(name)(embeddings, labels).detach())
    found = build(name).float()(embeddings, labels)
    assert found.dtype == torch.float64
    assert float(found.detach()) == pytest.approx(expected, rel=1e-6)


@every
def test_each_row_is_the_comparison_of_its_utterance(name: str) -> None:
    embeddings, labels = batch(7)
    for _, part in build(name).parts:
        compared = part.compare(embeddings, labels)
        assert compared.is_target.shape == compared.is_used.shape == compared.scores.shape
        assert compared.is_target.dtype == compared.is_used.dtype == torch.bool
        if compared.column_members is not None:
            members = compared.column_members
            assert members.sum(1).tolist() == pytest.approx([1.0] * 4)
            # Column k stands for utterances of speaker k, which are targets of that speaker's rows.
            speakers = torch.arange(4)
            assert bool((members[labels[None, :] != speakers[:, None]] == 0).all())
            of_rows = labels[compared.row_samples]
            assert torch.equal(compared.is_target, of_rows[:, None] == speakers[None, :])
        elif part.has_pairs:
            assert torch.equal(compared.row_samples, torch.arange(len(labels)))
            assert torch.equal(compared.is_used, ~torch.eye(len(labels), dtype=torch.bool))
        else:
            assert torch.equal(compared.row_samples, torch.arange(len(labels)))
            assert bool(compared.is_used.all())
