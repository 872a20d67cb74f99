import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from svfair.losses import CosineScore, PairLogistic


def make_batch(seed: int, speakers: int = 4, utterances: int = 3, size: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, size, generator=generator, dtype=torch.float64)
    return embeddings, torch.arange(speakers).repeat_interleave(utterances)


def naive_loss(embeddings: Tensor, labels: Tensor, weights: Tensor, scale: float, offset: float) -> float:
    sides: dict[bool, list[float]] = {True: [], False: []}
    for i in range(len(labels)):
        for j in range(len(labels)):
            if i == j:
                continue
            a, b = embeddings[i].tolist(), embeddings[j].tolist()
            dot = sum(x * y for x, y in zip(a, b, strict=True))
            cosine = dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))
            score = scale * cosine + offset
            target = bool(labels[i] == labels[j])
            loss = math.log1p(math.exp(-score if target else score))
            sides[target].append(float(weights[i, j]) * loss)
    return sum(sum(side) / len(side) for side in sides.values() if side) / 2


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), speakers=st.integers(1, 4), utterances=st.integers(1, 3))
def test_matches_a_double_loop(seed: int, speakers: int, utterances: int) -> None:
    embeddings, labels = make_batch(seed, speakers, utterances)
    loss = PairLogistic(CosineScore(7.0, -2.0)).double()
    ones = torch.ones(len(labels), len(labels), dtype=torch.float64)
    weights = torch.rand(ones.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    expected = naive_loss(embeddings, labels, ones, 7.0, -2.0)
    assert float(loss(embeddings, labels).detach()) == pytest.approx(expected, rel=1e-6)
    expected = naive_loss(embeddings, labels, weights, 7.0, -2.0)
    weighted = loss.row_losses(loss.compare(embeddings, labels), weights).mean()
    assert float(weighted.detach()) == pytest.approx(expected, rel=1e-6)


def test_known_value_on_points_placed_by_angle() -> None:
    # Two speakers at right angles, each with two equal utterances: every target has cosine 1, every
    # non-target cosine 0.
    embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    loss = PairLogistic(CosineScore(4.0, -1.0))(embeddings, torch.tensor([0, 0, 1, 1]))
    assert float(loss.detach()) == pytest.approx(
        (math.log1p(math.exp(-3)) + math.log1p(math.exp(-1))) / 2, rel=1e-6
    )


def test_row_losses_are_each_utterance_s_mean_over_its_sides() -> None:
    embeddings, labels = make_batch(3, speakers=3, utterances=2)
    loss = PairLogistic().double()
    comparisons = loss.compare(embeddings, labels)
    pair_losses = torch.nn.functional.softplus(
        torch.where(comparisons.is_target, -comparisons.scores, comparisons.scores)
    )
    for i, row in enumerate(loss.row_losses(comparisons)):
        target = [j for j in range(6) if j != i and labels[j] == labels[i]]
        other = [j for j in range(6) if labels[j] != labels[i]]
        expected = (pair_losses[i, target].mean() + pair_losses[i, other].mean()) / 2
        assert float(row.detach()) == pytest.approx(float(expected.detach()))
