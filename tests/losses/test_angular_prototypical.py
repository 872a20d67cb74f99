import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from svfair.losses import INSERTIONS, AngularPrototypical, CosineScore


def make_batch(seed: int, speakers: int, utterances: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, 5, generator=generator, dtype=torch.float64)
    order = torch.randperm(speakers * utterances, generator=generator)
    return embeddings, torch.arange(speakers).repeat_interleave(utterances)[order]


def naive_loss(embeddings: Tensor, labels: Tensor, weights: Tensor, scale: float, offset: float) -> float:
    queries, prototypes = [], []
    for speaker in sorted(set(labels.tolist())):
        rows = [i for i, label in enumerate(labels.tolist()) if label == speaker]
        queries.append(embeddings[rows[0]])
        prototypes.append(sum(embeddings[i] for i in rows[1:]) / (len(rows) - 1))
    total = 0.0
    for j, query in enumerate(queries):
        scores = [scale * float(functional.cosine_similarity(query, p, dim=0)) + offset for p in prototypes]
        others = sum(
            float(weights[j, k]) * math.exp(scores[k] - scores[j]) for k in range(len(scores)) if k != j
        )
        total += float(weights[j, j]) * math.log1p(others)
    return total / len(queries)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), speakers=st.integers(2, 5), utterances=st.integers(2, 4))
def test_matches_a_double_loop(seed: int, speakers: int, utterances: int) -> None:
    embeddings, labels = make_batch(seed, speakers, utterances)
    loss = AngularPrototypical(CosineScore(6.0, -1.0)).double()
    ones = torch.ones(speakers, speakers, dtype=torch.float64)
    weights = 0.1 + torch.rand(ones.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    comparisons = loss.compare(embeddings, labels)
    assert float(loss(embeddings, labels).detach()) == pytest.approx(
        naive_loss(embeddings, labels, ones, 6.0, -1.0), rel=1e-6
    )
    for given_weights, expected_weights in ((None, ones), (ones, ones), (weights, weights)):
        expected = naive_loss(embeddings, labels, expected_weights, 6.0, -1.0)
        found = loss.row_losses(comparisons, given_weights).mean()
        assert float(found.detach()) == pytest.approx(expected, rel=1e-6)


def test_is_the_cross_entropy_of_finding_the_own_prototype() -> None:
    embeddings, labels = make_batch(5, speakers=4, utterances=2)
    loss = AngularPrototypical().double()
    scores = loss.compare(embeddings, labels).scores
    expected = functional.cross_entropy(scores, torch.arange(4))
    assert float(loss(embeddings, labels).detach()) == pytest.approx(float(expected.detach()), rel=1e-9)


def test_known_value_on_points_placed_by_angle() -> None:
    # First speaker: query at 0 degrees, prototype between 0 and 90. Second: query at 90, prototype at 60.
    embeddings = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 3.0], [0.5, math.sqrt(0.75)]])
    loss = AngularPrototypical(CosineScore(4.0, -1.0))(embeddings, torch.tensor([0, 0, 0, 1, 1]))

    def score(degrees: float) -> float:
        return 4 * math.cos(math.radians(degrees)) - 1

    first = math.log1p(math.exp(score(60) - score(45)))
    second = math.log1p(math.exp(score(45) - score(30)))
    assert float(loss.detach()) == pytest.approx((first + second) / 2, rel=1e-6)


def test_a_speaker_with_one_utterance_is_refused() -> None:
    message = (
        "^angular prototypical loss needs at least two utterances of every speaker in a batch; speaker 1 "
    )
    with pytest.raises(ValueError, match=message):
        AngularPrototypical()(torch.randn(3, 4), torch.tensor([0, 0, 1]))


def test_an_unknown_insertion_is_named() -> None:
    with pytest.raises(ValueError, match="insertion 'triplet' is none of binary, softmax"):
        AngularPrototypical(insertion="triplet")


def test_weights_enter_the_softmax_unless_told_otherwise() -> None:
    assert AngularPrototypical().insertion is INSERTIONS["softmax"]
    assert AngularPrototypical(insertion="binary").insertion is INSERTIONS["binary"]


def test_the_prototype_leaves_out_the_query() -> None:
    compared = AngularPrototypical().compare(torch.randn(5, 4), torch.tensor([1, 0, 0, 1, 1]))
    assert compared.row_samples.tolist() == [1, 0]
    expected = torch.tensor([[0, 0, 1, 0, 0], [0, 0, 0, 0.5, 0.5]])
    torch.testing.assert_close(compared.column_members, expected)
    assert not compared.column_leaves_out_row
