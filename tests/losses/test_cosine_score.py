import math

import pytest
import torch

from svfair.losses import CosineScore


def test_scale_stays_positive_however_far_it_is_pushed() -> None:
    score = CosineScore(offset=0.0)  # beside another offset so small a score would be lost by rounding
    with torch.no_grad():
        score.log_scale.fill_(-50.0)
    assert float(score(torch.tensor(1.0)).detach()) == pytest.approx(math.exp(-50))
    score(torch.tensor(1.0)).backward()
    assert score.log_scale.grad is not None
    assert float(score.log_scale.grad) > 0  # and it can still learn to grow
    with pytest.raises(ValueError, match="positive"):
        CosineScore(scale=0.0)


def test_is_an_affine_map_of_the_cosine() -> None:
    found = CosineScore(7.0, -2.0)(torch.tensor([-1.0, 0.0, 0.5]))
    torch.testing.assert_close(found.detach(), torch.tensor([-9.0, -2.0, 1.5]))


def test_starts_at_the_values_of_ge2e() -> None:
    found = CosineScore()
    assert float(found.log_scale.exp().detach()) == pytest.approx(10)
    assert float(found.offset.detach()) == -5
    assert float(CosineScore(0.5).log_scale.detach()) == pytest.approx(math.log(0.5))
