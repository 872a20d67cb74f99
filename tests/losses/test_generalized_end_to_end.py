import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from svfair.losses import CosineScore, GeneralizedEndToEnd


def naive_loss(embeddings: Tensor, labels: Tensor, scale: float, offset: float) -> float:
    """Equations 6 and 8 of Wan et al. (2018), averaged over the utterances."""
    unit = [e / e.norm() for e in embeddings]
    names = labels.tolist()
    losses = []
    for i, own in enumerate(names):
        scores = {}
        for speaker in set(names):
            members = [k for k, name in enumerate(names) if name == speaker and k != i]
            centroid = sum(unit[k] for k in members) / len(members)
            scores[speaker] = scale * float(functional.cosine_similarity(unit[i], centroid, dim=0)) + offset
        losses.append(-scores[own] + math.log(sum(math.exp(score) for score in scores.values())))
    return sum(losses) / len(losses)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), speakers=st.integers(1, 5), utterances=st.integers(2, 4))
def test_matches_a_double_loop(seed: int, speakers: int, utterances: int) -> None:
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, 5, generator=random, dtype=torch.float64)
    labels = torch.arange(speakers).repeat_interleave(utterances)
    labels = labels[torch.randperm(len(labels), generator=random)]
    loss = GeneralizedEndToEnd(CosineScore(6.0, -1.0)).double()
    expected = naive_loss(embeddings, labels, 6.0, -1.0)
    assert float(loss(embeddings, labels).detach()) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_known_value_on_points_placed_by_angle() -> None:
    # Speakers at right angles, equal utterances: own centroid at cosine 1, the other at 0.
    embeddings = torch.tensor([[1.0, 0.0], [5.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 3.0]])
    loss = GeneralizedEndToEnd(CosineScore(4.0, -1.0))(embeddings, torch.tensor([0, 0, 1, 1, 1]))
    assert float(loss.detach()) == pytest.approx(math.log1p(math.exp(-4)), rel=1e-5)


def test_own_column_weighs_the_speaker_s_other_utterances() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1])
    compared = GeneralizedEndToEnd().compare(torch.randn(5, 4), labels)
    weights = torch.tensor([1.0, 2.0, 6.0, 3.0, 5.0])
    expected = torch.tensor([[4.0, 4.0], [3.5, 4.0], [1.5, 4.0], [3.0, 5.0], [3.0, 3.0]])
    torch.testing.assert_close(compared.over_columns(weights), expected)


def test_a_speaker_with_one_utterance_is_named() -> None:
    with pytest.raises(ValueError, match=r"GE2E loss needs at least two utterances.*speaker 7 has one"):
        GeneralizedEndToEnd()(torch.randn(3, 4), torch.tensor([2, 2, 7]))
