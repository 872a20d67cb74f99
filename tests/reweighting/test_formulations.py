import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import FORMULATIONS, Accumulated, Pairwise, PseudoLabel, pair_weights

SIZE = 5
seeds = st.integers(0, 10_000)


def batch(seed: int, speakers: int, utterances: int) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    count = speakers * utterances
    labels = torch.arange(speakers).repeat_interleave(utterances)[torch.randperm(count, generator=random)]
    embeddings = torch.randn(count, SIZE, generator=random, dtype=torch.float64)
    weights = 0.5 + torch.rand(count, generator=random, dtype=torch.float64)
    return embeddings, labels, weights / weights.mean()


def cosine(a: Tensor, b: Tensor) -> float:
    return float(functional.cosine_similarity(a, b, dim=0))


def score(a: Tensor, b: Tensor) -> float:
    return 10 * cosine(a, b) - 5


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def naive_pair_logistic(embeddings: Tensor, labels: Tensor, weights: Tensor, pairwise: bool) -> float:
    sides: dict[bool, list[float]] = {True: [], False: []}
    for i in range(len(labels)):
        for j in range(len(labels)):
            if i != j:
                target = bool(labels[i] == labels[j])
                s = score(embeddings[i], embeddings[j])
                # (lambda_i + lambda_j) / 2: every sample is in equally many pairs.
                weight = float(weights[i] + weights[j]) / 2 if pairwise else float(weights[i])
                sides[target].append(weight * math.log1p(math.exp(-s if target else s)))
    return sum(mean(side) for side in sides.values() if side) / 2


def naive_prototypes(
    embeddings: Tensor, labels: Tensor, weights: Tensor, pairwise: bool, *, all_queries: bool
) -> float:
    """Angular prototypical loss, or GE2E over unit embeddings with every utterance a query."""
    if all_queries:
        embeddings = functional.normalize(embeddings, dim=1)
    names = sorted(set(labels.tolist()))
    members = {name: [i for i, label in enumerate(labels.tolist()) if label == name] for name in names}
    queries = [i for i in range(len(labels)) if all_queries or i == members[int(labels[i])][0]]
    scores, sums = {}, {}
    for q in queries:
        for name in names:
            own = name == int(labels[q])
            of = members[name]
            if own:
                of = [i for i in of if i != q]
            elif not all_queries:
                of = of[1:]
            scores[q, name] = score(embeddings[q], sum((embeddings[i] for i in of), torch.zeros(SIZE)))
            sums[q, name] = float(weights[q]) + mean([float(weights[i]) for i in of])
    scale = float(weights.mean()) / mean(list(sums.values()))
    query_scale = float(weights.mean()) / mean([float(weights[q]) for q in queries])
    total = []
    for q in queries:
        own = int(labels[q])
        w = {name: scale * sums[q, name] if pairwise else 1.0 for name in names}
        others = sum(w[k] * math.exp(scores[q, k] - scores[q, own]) for k in names if k != own)
        factor = w[own] if pairwise else query_scale * float(weights[q])
        total.append(factor * math.log1p(others))
    return mean(total)


def naive_aam(embeddings: Tensor, labels: Tensor, weights: Tensor, classes: Tensor) -> float:
    total = []
    for i, label in enumerate(labels.tolist()):
        logits = []
        for k, centre in enumerate(classes):
            angle = math.acos(cosine(embeddings[i], centre))
            assert angle < math.pi - 0.2
            logits.append(30 * math.cos(angle + (0.2 if k == label else 0)))
        total.append(float(weights[i]) * (math.log(sum(math.exp(logit) for logit in logits)) - logits[label]))
    return mean(total)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, speakers=st.integers(2, 4), utterances=st.integers(2, 4))
@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
@pytest.mark.parametrize("name", ["pair_logistic", "angular_prototypical", "generalized_end_to_end"])
def test_matches_a_double_loop(
    formulation: str, name: str, seed: int, speakers: int, utterances: int
) -> None:
    embeddings, labels, weights = batch(seed, speakers, utterances)
    pairwise = formulation == "pairwise"
    loss: EmbeddingLoss
    if name == "pair_logistic":
        loss = PairLogistic()
        expected = naive_pair_logistic(embeddings, labels, weights, pairwise)
    else:
        all_queries = name == "generalized_end_to_end"
        loss = GeneralizedEndToEnd() if all_queries else AngularPrototypical()
        expected = naive_prototypes(embeddings, labels, weights, pairwise, all_queries=all_queries)
    found = FORMULATIONS[formulation](loss)(embeddings, labels, weights)
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("formulation", [Accumulated, PseudoLabel])
def test_a_classifier_s_samples_are_weighted(formulation: type[Accumulated]) -> None:
    torch.manual_seed(0)
    embeddings, labels, weights = batch(1, 3, 2)
    loss = AamSoftmax(SIZE, 3).double()
    expected = naive_aam(embeddings, labels, weights, loss.weight.detach())
    assert float(formulation(loss)(embeddings, labels, weights).detach()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
def test_each_part_of_a_sum_is_weighted_in_its_own_way(formulation: str) -> None:
    torch.manual_seed(0)
    embeddings, labels, weights = batch(1, 3, 2)
    pairs, classes = AngularPrototypical(), AamSoftmax(SIZE, 3).double()
    expected = naive_prototypes(
        embeddings, labels, weights, formulation == "pairwise", all_queries=False
    ) + 0.5 * naive_aam(embeddings, labels, weights, classes.weight.detach())
    found = FORMULATIONS[formulation](LossSum([pairs, classes], [1.0, 0.5]))(embeddings, labels, weights)
    assert float(found.detach()) == pytest.approx(expected, rel=1e-4)


BASES = [PairLogistic, AngularPrototypical, GeneralizedEndToEnd]


@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
@pytest.mark.parametrize("base", BASES)
def test_equal_weights_are_the_plain_loss(formulation: str, base: type[EmbeddingLoss]) -> None:
    embeddings, labels, weights = batch(2, 4, 3)
    weighted = FORMULATIONS[formulation](base())
    plain = weighted(embeddings, labels)
    torch.testing.assert_close(weighted(embeddings, labels, torch.ones_like(weights)), plain)
    if formulation != "pairwise" or base is PairLogistic:  # where the loss is linear in its weights
        torch.testing.assert_close(weighted(embeddings, labels, 2 * torch.ones_like(weights)), 2 * plain)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, speakers=st.integers(1, 4), utterances=st.integers(1, 4))
def test_over_a_symmetric_linear_loss_pairwise_is_accumulated(
    seed: int, speakers: int, utterances: int
) -> None:
    embeddings, labels, weights = batch(seed, max(speakers, 2), utterances)
    loss = PairLogistic()
    torch.testing.assert_close(
        Pairwise(loss)(embeddings, labels, weights), Accumulated(loss)(embeddings, labels, weights)
    )


@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
@pytest.mark.parametrize("base", BASES)
def test_gradients(formulation: str, base: type[EmbeddingLoss]) -> None:
    embeddings, labels, weights = batch(3, 3, 3)
    weighted = FORMULATIONS[formulation](base()).double()
    assert torch.autograd.gradcheck(
        lambda e, w: weighted(e, labels, w), (embeddings.requires_grad_(), weights.requires_grad_())
    )


@pytest.mark.parametrize("base", BASES)
def test_pair_weights_keep_the_mean_of_the_sample_weights(base: type[PairLogistic]) -> None:
    embeddings, labels, weights = batch(4, 4, 3)
    compared = base().compare(embeddings, labels)
    found = pair_weights(3 * weights, compared)
    assert float(found[compared.is_used].mean()) == pytest.approx(3)


@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
def test_stays_in_full_precision_under_autocast(formulation: str) -> None:
    embeddings, labels, weights = batch(5, 4, 2)
    weighted = FORMULATIONS[formulation](AngularPrototypical())
    expected = weighted(embeddings.float(), labels, weights.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = weighted(embeddings.float(), labels, weights.float())
    assert torch.equal(found, expected)


def test_a_classifier_alone_has_no_pairs() -> None:
    with pytest.raises(ValueError, match="AamSoftmax has no pairs to weigh: use the accumulated"):
        Pairwise(AamSoftmax(SIZE, 3))
