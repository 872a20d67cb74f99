import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from svfair.reweighting import sample_weights

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


def test_vanishing_output_keeps_weights_finite() -> None:
    assert bool(sample_weights(torch.full((4,), 1e-30)).isfinite().all())
