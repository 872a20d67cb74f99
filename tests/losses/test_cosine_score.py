import pytest
import torch

from svfair.losses import CosineScore


def test_scale_stays_positive_however_far_it_is_pushed() -> None:
    score = CosineScore()
    with torch.no_grad():
        score.log_scale.fill_(-50.0)
    assert float((score(torch.tensor(1.0)) - score(torch.tensor(0.0))).detach()) >= 0
    with pytest.raises(ValueError, match="positive"):
        CosineScore(scale=0.0)
