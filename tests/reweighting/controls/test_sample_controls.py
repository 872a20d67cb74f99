import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize
from torch import Tensor

from svfair.losses import AamSoftmax, AngularPrototypical, LossSum, PairLogistic
from svfair.reweighting import ChiSquareDro, ConditionalValueAtRisk, Focal
from svfair.reweighting.controls.sample_controls import chi_square_weights

losses = st.lists(st.floats(0, 20), min_size=2, max_size=15)
LABELS = torch.arange(4).repeat_interleave(2)


def tensor(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@given(losses, st.floats(0.05, 1))
def test_conditional_value_at_risk_matches_its_dual(values: list[float], share: float) -> None:
    # Rockafellar and Uryasev: the minimum over t of t + mean(max(l - t, 0)) / share, reached at some l.
    found = ConditionalValueAtRisk(PairLogistic(), share=share).reduce(tensor(values))
    expected = min(t + sum(max(v - t, 0) for v in values) / len(values) / share for t in values)
    if share * len(values) < 1:
        assert float(found) <= max(values) + 1e-9
    else:
        assert float(found) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_conditional_value_at_risk_by_hand() -> None:
    values = tensor([1.0, 5.0, 3.0, 4.0])
    half = ConditionalValueAtRisk(PairLogistic(), share=0.5)
    assert float(half.reduce(values)) == pytest.approx(4.5)
    part = ConditionalValueAtRisk(PairLogistic(), share=0.625)  # 2.5 of the 4
    assert float(part.reduce(values)) == pytest.approx((5 + 4 + 0.5 * 3) / 2.5)
    assert float(ConditionalValueAtRisk(PairLogistic(), share=1.0).reduce(values)) == pytest.approx(3.25)


@given(losses, st.floats(0, 5))
def test_focal_matches_a_loop(values: list[float], gamma: float) -> None:
    found = Focal(PairLogistic(), gamma=gamma).reduce(tensor(values))
    expected = sum((1 - math.exp(-v)) ** gamma * v for v in values) / len(values)
    assert float(found) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(losses, st.floats(0.01, 3))
def test_chi_square_matches_its_dual(values: list[float], radius: float) -> None:
    # Duchi and Namkoong (2021): minimum over eta of sqrt(1 + 2 radius) sqrt(mean(max(l - eta, 0)^2)) + eta.
    array = np.asarray(values)

    def dual(eta: float) -> float:
        return math.sqrt(1 + 2 * radius) * math.sqrt(np.mean(np.maximum(array - eta, 0) ** 2)) + eta

    spread = array.max() - array.min() + 1e-3
    lowest = array.min() - spread * (2 + 2 / math.sqrt(radius))
    found = optimize.minimize_scalar(
        dual, bounds=(lowest, array.max()), method="bounded", options={"xatol": 1e-10}
    )
    assert float(ChiSquareDro(PairLogistic(), radius=radius).reduce(tensor(values))) == pytest.approx(
        min(found.fun, dual(array.max())), rel=1e-4, abs=1e-6
    )


@given(losses, st.floats(0, 3))
@example([0.0, 1.0], 2.3e-309)
@example([0.0, 1.0], 1e-11)
def test_chi_square_weights_lie_in_the_ball(values: list[float], radius: float) -> None:
    weights = chi_square_weights(tensor(values), radius)
    assert float(weights.mean()) == pytest.approx(1)
    assert float(weights.min()) >= 0
    assert float(((weights - 1) ** 2).mean() / 2) <= radius + 1e-6


@pytest.mark.parametrize(
    "control",
    [
        lambda loss: ConditionalValueAtRisk(loss, share=1.0),
        lambda loss: Focal(loss, gamma=0.0),
        lambda loss: ChiSquareDro(loss, radius=0.0),
    ],
)
def test_at_their_neutral_setting_they_are_plain_training(control: type[Focal]) -> None:
    torch.manual_seed(0)
    embeddings = torch.randn(8, 6)
    for loss in (PairLogistic(), LossSum([AngularPrototypical(), AamSoftmax(6, 4)])):
        torch.testing.assert_close(control(loss)(embeddings, LABELS), loss(embeddings, LABELS))


@pytest.mark.parametrize("control", [ConditionalValueAtRisk, Focal, ChiSquareDro])
@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical, lambda: AamSoftmax(6, 4)])
def test_gradients_are_finite_where_losses_vanish_or_are_equal(
    control: type[Focal], loss: type[PairLogistic]
) -> None:
    torch.manual_seed(0)
    own = loss()
    for embeddings in (torch.eye(6)[LABELS], torch.ones(8, 6), torch.randn(8, 6)):
        given_embeddings = embeddings.clone().requires_grad_()
        control(own)(given_embeddings, LABELS).backward()
        assert given_embeddings.grad is not None
        assert bool(given_embeddings.grad.isfinite().all())


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="share must be more than 0"):
        ConditionalValueAtRisk(PairLogistic(), share=0.0)
    with pytest.raises(ValueError, match="gamma must be at least 0"):
        Focal(PairLogistic(), gamma=-1.0)
    with pytest.raises(ValueError, match="radius must be at least 0"):
        ChiSquareDro(PairLogistic(), radius=-1.0)
