import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    CosineScore,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import FORMULATIONS, Accumulated, Pairwise, PseudoLabel, pair_weights

SIZE = 5
BASES: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "angular_prototypical_binary": lambda: AngularPrototypical(insertion="binary"),
    "generalized_end_to_end": GeneralizedEndToEnd,
    "generalized_end_to_end_binary": lambda: GeneralizedEndToEnd(insertion="binary"),
    "aam_softmax": lambda: AamSoftmax(SIZE, 4),
    "sum": lambda: LossSum([AngularPrototypical(), AamSoftmax(SIZE, 4)], [1.0, 0.5]),
}
games = pytest.mark.parametrize(
    ("formulation", "name"),
    [(f, name) for f in FORMULATIONS for name in BASES if (f, name) != ("pairwise", "aam_softmax")],
)
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
    embeddings: Tensor,
    labels: Tensor,
    weights: Tensor,
    pairwise: bool,
    *,
    all_queries: bool,
    binary: bool = False,
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
    if binary:
        sides: dict[bool, list[float]] = {True: [], False: []}
        for (q, name), s in scores.items():
            target = name == int(labels[q])
            weight = scale * sums[q, name] if pairwise else query_scale * float(weights[q])
            sides[target].append(weight * math.log1p(math.exp(-s if target else s)))
        return sum(mean(side) for side in sides.values() if side) / 2
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
@pytest.mark.parametrize("name", [name for name in BASES if name not in ("aam_softmax", "sum")])
def test_matches_a_double_loop(
    formulation: str, name: str, seed: int, speakers: int, utterances: int
) -> None:
    embeddings, labels, weights = batch(seed, speakers, utterances)
    pairwise = formulation == "pairwise"
    if name == "pair_logistic":
        expected = naive_pair_logistic(embeddings, labels, weights, pairwise)
    else:
        expected = naive_prototypes(
            embeddings,
            labels,
            weights,
            pairwise,
            all_queries=name.startswith("generalized"),
            binary=name.endswith("binary"),
        )
    found = FORMULATIONS[formulation](BASES[name]())(embeddings, labels, weights)
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)


def test_known_values_on_points_placed_by_angle() -> None:
    # Two speakers' queries at right angles; the first's prototype on its query, the second's at 60 degrees.
    embeddings = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0], [0.5, math.sqrt(0.75)]])
    labels, weights = torch.tensor([0, 0, 1, 1]), torch.tensor([1.0, 0.5, 2.0, 0.5])
    loss = AngularPrototypical(CosineScore(4.0, -1.0))
    # S - S_own of the other prototype: 4 (cos 60 - cos 0) and 4 (cos 90 - cos 30).
    first, second = math.exp(-2), math.exp(-4 * math.sqrt(0.75))
    # Queries weigh 1 and 2, scaled to the mean of one that all four have.
    expected = (2 / 3 * math.log1p(first) + 4 / 3 * math.log1p(second)) / 2
    assert float(Accumulated(loss)(embeddings, labels, weights).detach()) == pytest.approx(expected)
    # Pairs weigh 1 + 0.5 and 2 + 0.5 whichever the prototype, scaled by their mean of 2.
    expected = (0.75 * math.log1p(0.75 * first) + 1.25 * math.log1p(1.25 * second)) / 2
    assert float(Pairwise(loss)(embeddings, labels, weights).detach()) == pytest.approx(expected)


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


@games
def test_equal_weights_are_the_plain_loss(formulation: str, name: str) -> None:
    embeddings, labels, weights = batch(2, 4, 3)
    weighted = FORMULATIONS[formulation](BASES[name]())
    plain = weighted(embeddings, labels)
    torch.testing.assert_close(weighted(embeddings, labels, torch.ones_like(weights)), plain)
    if formulation != "pairwise" or name == "pair_logistic" or name.endswith("binary"):
        # where the loss is linear in its weights
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


@games
def test_gradients(formulation: str, name: str) -> None:
    torch.manual_seed(0)
    embeddings, labels, weights = batch(3, 3, 3)
    weighted = FORMULATIONS[formulation](BASES[name]()).double()
    assert torch.autograd.gradcheck(
        lambda e, w: weighted(e, labels, w), (embeddings.requires_grad_(), weights.requires_grad_())
    )


@games
def test_weights_of_zero_give_a_loss_of_zero(formulation: str, name: str) -> None:
    torch.manual_seed(0)
    weighted = FORMULATIONS[formulation](BASES[name]().float())
    embeddings, labels, _ = batch(3, 3, 3)
    queries = [labels.tolist().index(speaker) for speaker in range(3)]
    without_queries = torch.ones(9)
    without_queries[queries] = 0
    for weights in (torch.zeros(9), without_queries):
        given_embeddings, weights = embeddings.float().requires_grad_(), weights.requires_grad_()
        value = weighted(given_embeddings, labels, weights)
        value.backward()
        assert bool(value.isfinite())
        for tensor in (given_embeddings, weights):
            assert tensor.grad is not None
            assert bool(tensor.grad.isfinite().all())
        if (formulation != "pairwise" and name.startswith("angular")) or not weights.any():
            assert float(value.detach()) == 0


@pytest.mark.parametrize("name", BASES)
def test_a_sample_s_loss_is_that_of_its_row(name: str) -> None:
    torch.manual_seed(0)
    embeddings, labels, _ = batch(6, 4, 3)
    loss = BASES[name]()
    expected = torch.zeros(12, dtype=torch.float64)
    is_row = torch.ones(12, dtype=torch.bool)
    for coefficient, part in loss.parts:
        compared = part.compare(embeddings, labels)
        rows = dict(zip(compared.row_samples.tolist(), part.row_losses(compared).tolist(), strict=True))
        for i in range(12):
            expected[i] += coefficient * rows.get(i, 0.0)
            is_row[i] &= i in rows
    found = Accumulated(loss).sample_losses(embeddings, labels)
    torch.testing.assert_close(found[is_row], expected[is_row])
    assert bool(found[~is_row].isnan().all())
    assert int(is_row.sum()) == (4 if name.startswith("angular") or name == "sum" else 12)


@pytest.mark.parametrize("name", [name for name in BASES if name not in ("aam_softmax", "sum")])
def test_pair_weights_keep_the_mean_of_the_sample_weights(name: str) -> None:
    embeddings, labels, weights = batch(4, 4, 3)
    (_, part), *_ = BASES[name]().parts
    compared = part.compare(embeddings, labels)
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


@games
def test_rough_weights_are_summed_and_averaged_in_full(formulation: str, name: str) -> None:
    torch.manual_seed(0)
    embeddings, labels, weights = batch(5, 4, 3)
    weighted, rough = FORMULATIONS[formulation](BASES[name]()), weights.bfloat16()
    expected = weighted(embeddings.float(), labels, rough.float())
    assert torch.equal(weighted(embeddings.float(), labels, rough), expected)


def test_a_classifier_alone_has_no_pairs() -> None:
    with pytest.raises(ValueError, match="AamSoftmax has no pairs to weigh: use the accumulated"):
        Pairwise(AamSoftmax(SIZE, 3))
