import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from svfair.losses import AamSoftmax


def naive_losses(
    embeddings: Tensor, weight: Tensor, labels: Tensor, margin: float, scale: float
) -> list[float]:
    losses = []
    for embedding, label in zip(embeddings, labels.tolist(), strict=True):
        logits = []
        for k, row in enumerate(weight):
            cosine = float(functional.cosine_similarity(embedding, row, dim=0))
            theta = math.acos(max(-1.0, min(1.0, cosine)))
            if k == label:
                inside = theta < math.pi - margin
                cosine = math.cos(theta + margin) if inside else cosine - margin * math.sin(margin)
            logits.append(scale * cosine)
        largest = max(logits)
        losses.append(largest + math.log(sum(math.exp(logit - largest) for logit in logits)) - logits[label])
    return losses


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), margin=st.floats(0, 0.5), scale=st.floats(1, 40))
def test_matches_a_loop(seed: int, margin: float, scale: float) -> None:
    torch.manual_seed(seed)
    loss = AamSoftmax(4, 5, margin=margin, scale=scale).double()
    embeddings, labels = torch.randn(6, 4, dtype=torch.float64), torch.randint(5, (6,))
    found = loss.row_losses(loss.compare(embeddings, labels)).detach()
    expected = naive_losses(embeddings, loss.weight.detach(), labels, margin, scale)
    assert found.tolist() == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("angle", [0.0, 0.5, math.pi - 0.2, math.pi - 0.1, math.pi])
def test_known_values_by_angle(angle: float) -> None:
    loss = AamSoftmax(2, 2, margin=0.2, scale=3.0).double()
    with torch.no_grad():
        loss.weight.copy_(torch.eye(2))
    embedding = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64, requires_grad=True)
    value = loss(embedding, torch.tensor([0]))
    value.backward()
    own = math.cos(angle + 0.2) if angle < math.pi - 0.2 else math.cos(angle) - 0.2 * math.sin(0.2)
    other = math.sin(angle)
    expected = math.log1p(math.exp(3 * other - 3 * own))
    assert float(value.detach()) == pytest.approx(expected, rel=1e-6)
    assert embedding.grad is not None
    assert bool(embedding.grad.isfinite().all())


def test_without_margin_it_is_the_cross_entropy() -> None:
    torch.manual_seed(0)
    loss = AamSoftmax(4, 3, margin=0.0, scale=7.0)
    embeddings, labels = torch.randn(5, 4), torch.tensor([0, 2, 1, 1, 0])
    cosines = functional.normalize(embeddings) @ functional.normalize(loss.weight).T
    torch.testing.assert_close(loss(embeddings, labels), functional.cross_entropy(7 * cosines, labels))


def test_refuses_what_it_cannot_do() -> None:
    loss = AamSoftmax(4, 3)
    with pytest.raises(ValueError, match="labels run from 0 to 3, but the classifier has speakers 0 to 2"):
        loss(torch.randn(2, 4), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="labels run from -1 to 2"):
        loss(torch.randn(2, 4), torch.tensor([-1, 2]))
    with pytest.raises(ValueError, match="no pair weights"):
        loss.row_losses(loss.compare(torch.randn(2, 4), torch.tensor([0, 1])), torch.ones(2, 3))
    with pytest.raises(ValueError, match="margin is an angle"):
        AamSoftmax(4, 3, margin=math.pi)
    with pytest.raises(ValueError, match="margin is an angle"):
        AamSoftmax(4, 3, margin=-0.1)
    with pytest.raises(ValueError, match="scale must be positive"):
        AamSoftmax(4, 3, scale=0.0)


def test_starts_as_the_documents_say() -> None:
    torch.manual_seed(0)
    loss = AamSoftmax(40, 30)
    assert (loss.margin, loss.scale, loss.has_pairs) == (0.2, 30.0, False)
    assert loss.weight.shape == (30, 40)
    # Uniform within sqrt(6 / (30 + 40)), as Glorot and Bengio have it.
    bound = math.sqrt(6 / 70)
    assert 0.99 * bound < float(loss.weight.detach().abs().max()) <= bound
    assert AamSoftmax(4, 3, scale=0.5).scale == 0.5
