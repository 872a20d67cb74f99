import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from svfair.reweighting import clip_weights, sample_weights

numbers = st.lists(st.floats(0.001, 0.999), min_size=2, max_size=20)


@given(numbers)
def test_means(f: list[float]) -> None:
    values = torch.tensor(f, dtype=torch.float64)
    assert float(sample_weights(values).mean()) == pytest.approx(1)
    assert float(sample_weights(values, "literal").mean()) == pytest.approx(2)


@given(numbers, st.integers(0, 1000))
def test_identity_of_the_literal_objective(f: list[float], seed: int) -> None:
    # mean(lambda l) = mean(l) + sum(f l) / sum(f)
    values = torch.tensor(f, dtype=torch.float64)
    losses = torch.rand(len(f), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    weighted = (sample_weights(values, "literal") * losses).mean()
    assert float(weighted) == pytest.approx(float(losses.mean() + (values * losses).sum() / values.sum()))


@given(numbers, st.integers(0, 1000))
def test_gradient_of_the_literal_objective(f: list[float], seed: int) -> None:
    # d/dz_i = f_i (1 - f_i) (l_i - l_bar) / sum(f), with l_bar = sum(f l) / sum(f)
    z = torch.tensor(f, dtype=torch.float64).logit().requires_grad_()
    losses = torch.rand(len(f), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    (sample_weights(z.sigmoid(), "literal") * losses).mean().backward()
    values = z.sigmoid().detach()
    mean = (values * losses).sum() / values.sum()
    expected = values * (1 - values) * (losses - mean) / values.sum()
    torch.testing.assert_close(z.grad, expected)


def test_equal_losses_give_no_gradient() -> None:
    z = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    (sample_weights(z.sigmoid()) * 0.7).mean().backward()
    torch.testing.assert_close(z.grad, torch.zeros(3, dtype=torch.float64))


def test_the_mean_of_f_has_a_floor() -> None:
    # 1e-4, as in the code of Lahoti et al.: below it the weights' own mean falls, to half at f = 0.
    for f, expected in ((0.0, 0.5), (1e-30, 0.5), (2e-5, 0.6), (1e-4, 1.0), (0.3, 1.0)):
        assert sample_weights(torch.full((4,), f)).tolist() == pytest.approx([expected] * 4)
        assert sample_weights(torch.full((4,), f), "literal").tolist() == pytest.approx([2 * expected] * 4)


def test_an_unknown_weighting_is_named() -> None:
    with pytest.raises(ValueError, match="weighting is one of mean_one, literal, not 'Literal'"):
        sample_weights(torch.ones(2), "Literal")  # type: ignore[arg-type]


def naive_clip(weights: list[float], largest: float) -> list[float]:
    """Cap, hand what was cut to those below the cap in proportion, and again until none is above."""
    mean = sum(weights) / len(weights)
    values = list(weights)
    capped: set[int] = set()
    while True:
        above = {i for i, value in enumerate(values) if value > largest * mean * (1 + 1e-12)}
        if not above - capped:
            return values
        capped |= above
        rest = [i for i in range(len(values)) if i not in capped]
        left = mean * len(values) - largest * mean * len(capped)
        total = sum(weights[i] for i in rest)
        for i in range(len(values)):
            values[i] = largest * mean if i in capped else weights[i] * left / total


@given(numbers, st.floats(1.01, 5))
def test_clipping_matches_a_loop_and_keeps_the_mean(f: list[float], largest: float) -> None:
    weights = sample_weights(torch.tensor(f, dtype=torch.float64))
    clipped = clip_weights(weights, largest)
    assert float(clipped.mean()) == pytest.approx(1)
    assert float(clipped.max()) <= largest * (1 + 1e-9)
    assert clipped.tolist() == pytest.approx(naive_clip(weights.tolist(), largest), rel=1e-5)
    order = weights.argsort()
    assert bool((clipped[order].diff() >= -1e-12).all())


def test_clipping_leaves_alone_what_is_below() -> None:
    weights = torch.tensor([0.8, 1.0, 1.2])
    torch.testing.assert_close(clip_weights(weights, 1.3), weights)
    torch.testing.assert_close(sample_weights(weights / 3, "literal", largest=3.0).mean(), torch.tensor(2.0))


def test_a_clipped_sample_has_no_gradient_of_its_own() -> None:
    f = torch.tensor([0.9, 0.1, 0.2, 0.1], dtype=torch.float64, requires_grad=True)
    weights = sample_weights(f, largest=1.2)
    assert float(weights[0].detach()) == pytest.approx(1.2)
    (gradient,) = torch.autograd.grad(weights[0], f, allow_unused=True)
    assert float(gradient.abs().sum()) == pytest.approx(0, abs=1e-12)


def test_gradient_of_clipping() -> None:
    f = torch.tensor([0.9, 0.1, 0.2, 0.15, 0.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda values: sample_weights(values, largest=1.3), (f,))


def test_a_cap_below_the_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1 times the mean, not 1"):
        clip_weights(torch.ones(3), 1.0)
