import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from svfair.losses import INSERTIONS, Comparisons

seeds = st.integers(0, 10_000)
names = pytest.mark.parametrize("name", sorted(INSERTIONS))


def comparisons(seed: int, rows: int = 5, columns: int = 6) -> Comparisons:
    """Scores with any number of targets, none included, and some comparisons out of use."""
    random = torch.Generator().manual_seed(seed)
    scores = 4 * torch.randn(rows, columns, generator=random, dtype=torch.float64)
    is_target = torch.rand(rows, columns, generator=random) < 0.3
    is_used = torch.rand(rows, columns, generator=random) < 0.8
    return Comparisons(scores, is_target, is_used, torch.arange(rows))


def weights(seed: int, rows: int = 5, columns: int = 6) -> Tensor:
    return 2 * torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive_binary(given: Comparisons, w: Tensor) -> float:
    sides: dict[bool, list[float]] = {True: [], False: []}
    for j in range(given.scores.shape[0]):
        for k in range(given.scores.shape[1]):
            if given.is_used[j, k]:
                target, score = bool(given.is_target[j, k]), float(given.scores[j, k])
                sides[target].append(float(w[j, k]) * math.log1p(math.exp(-score if target else score)))
    return sum(sum(side) / len(side) for side in sides.values() if side) / 2


def naive_softmax(given: Comparisons, w: Tensor) -> float:
    rows = []
    for j in range(given.scores.shape[0]):
        used = [k for k in range(given.scores.shape[1]) if given.is_used[j, k]]
        targets = [k for k in used if given.is_target[j, k]]
        others = [k for k in used if not given.is_target[j, k]]
        losses = [
            float(w[j, t])
            * math.log1p(
                sum(float(w[j, k]) * math.exp(float(given.scores[j, k] - given.scores[j, t])) for k in others)
            )
            for t in targets
        ]
        if losses:
            rows.append(sum(losses) / len(losses))
    return sum(rows) / len(rows) if rows else 0.0


NAIVE = {"binary": naive_binary, "softmax": naive_softmax}


@names
@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_matches_a_double_loop(name: str, seed: int) -> None:
    compared, w = comparisons(seed), weights(seed)
    expected = NAIVE[name](compared, w)
    assert float(INSERTIONS[name](compared, w).mean()) == pytest.approx(expected, rel=1e-9)
    expected = NAIVE[name](compared, torch.ones_like(w))
    assert float(INSERTIONS[name](compared).mean()) == pytest.approx(expected, rel=1e-9)


@names
@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_never_falls_when_a_weight_rises(name: str, seed: int) -> None:
    # The trap: with the weights inside the softmax, a larger weight of the target pair lowers the loss.
    compared, w = comparisons(seed), weights(seed).requires_grad_()
    INSERTIONS[name](compared, w).sum().backward()
    assert w.grad is not None
    assert bool((w.grad >= 0).all())
    counts = compared.is_used & (name == "binary" or (compared.is_target & compared.is_used).any(1)[:, None])
    others = (~compared.is_target & compared.is_used).any(1)[:, None]
    if name == "softmax":
        counts = counts & others & (~compared.is_target | (w.detach() > 0))
        hit = compared.is_target & compared.is_used & (w.detach() > 0)
        counts = counts & (compared.is_target | hit.any(1)[:, None])
    assert bool((w.grad[counts] > 0).all())
    assert bool((w.grad[~compared.is_used] == 0).all())


@names
@settings(max_examples=25, deadline=None)
@given(seed=seeds, row=st.integers(0, 4), column=st.integers(0, 5), rise=st.floats(0.01, 5))
def test_a_larger_weight_never_lowers_any_row(
    name: str, seed: int, row: int, column: int, rise: float
) -> None:
    compared, w = comparisons(seed), weights(seed)
    before = INSERTIONS[name](compared, w)
    w[row, column] += rise
    assert bool((INSERTIONS[name](compared, w) >= before - 1e-12).all())


@names
def test_gradients(name: str) -> None:
    compared, w = comparisons(3), weights(3) + 0.1

    def loss(scores: Tensor, of_pairs: Tensor) -> Tensor:
        return INSERTIONS[name](
            Comparisons(scores, compared.is_target, compared.is_used, compared.row_samples), of_pairs
        )

    assert torch.autograd.gradcheck(loss, (compared.scores.requires_grad_(), w.requires_grad_()))


@names
@pytest.mark.parametrize("tiny", [0.0, 1e-44, 1e-38])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_that_underflow_keep_loss_and_gradients_finite(
    name: str, tiny: float, dtype: torch.dtype
) -> None:
    scores = torch.tensor([[100.0, -100.0, 0.0], [-100.0, 100.0, 100.0]], dtype=dtype, requires_grad=True)
    target = torch.tensor([[True, False, False], [True, False, False]])
    w = torch.full((2, 3), tiny, dtype=dtype, requires_grad=True)
    loss = INSERTIONS[name](Comparisons(scores, target, torch.ones_like(target), torch.arange(2)), w).mean()
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-30)
    assert scores.grad is not None
    assert w.grad is not None
    assert bool(scores.grad.isfinite().all())
    assert bool(w.grad.isfinite().all())


@names
def test_a_batch_of_one_kind_has_a_finite_gradient(name: str) -> None:
    for side in (True, False):
        scores = torch.zeros(3, 3, requires_grad=True)
        target = torch.full((3, 3), side)
        INSERTIONS[name](
            Comparisons(scores, target, ~torch.eye(3, dtype=torch.bool), torch.arange(3))
        ).sum().backward()
        assert scores.grad is not None
        assert bool(scores.grad.isfinite().all())


def test_one_comparison_of_each_kind_counts_in_full() -> None:
    one = Comparisons(
        torch.tensor([[2.0, -1.0]]), torch.tensor([[True, False]]), torch.ones(1, 2).bool(), torch.arange(1)
    )
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert float(INSERTIONS["binary"](one)) == pytest.approx(expected)


def test_rows_without_a_target_leave_the_mean_to_the_others() -> None:
    target = torch.tensor([[True, False], [False, False], [False, False]])
    scores = torch.tensor([[2.0, -1.0], [3.0, 1.0], [0.0, 0.5]])
    rows = INSERTIONS["softmax"](Comparisons(scores, target, torch.ones_like(target), torch.arange(3)))
    # Three rows of which one counts: it weighs three times as much in their mean.
    assert rows.tolist() == pytest.approx([3 * math.log1p(math.exp(-3)), 0, 0])
