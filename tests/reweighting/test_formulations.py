import pytest
import torch

from svfair.losses import AngularPrototypical, PairLogistic
from svfair.reweighting import pairwise


def test_a_pair_weighs_the_sum_of_its_samples() -> None:
    labels = torch.arange(3).repeat_interleave(2)
    comparisons = PairLogistic().compare(torch.randn(6, 4), labels)
    weights = torch.tensor([0.4, 0.6, 1.0, 1.2, 1.3, 1.5])
    found = pairwise(weights, comparisons)
    for i in range(6):
        for j in range(6):
            assert float(found[i, j]) == pytest.approx(float(weights[i] + weights[j]) / 2, rel=1e-5)


def test_both_sides_of_a_balanced_batch_have_mean_one() -> None:
    comparisons = PairLogistic().compare(torch.randn(12, 4), torch.arange(4).repeat_interleave(3))
    weights = torch.rand(12)
    found = pairwise(weights / weights.mean(), comparisons)
    for side in (comparisons.is_target, ~comparisons.is_target):
        assert float(found[side & comparisons.is_used].mean()) == pytest.approx(1, rel=1e-5)


def test_a_prototype_weighs_the_mean_of_its_utterances() -> None:
    comparisons = AngularPrototypical().compare(torch.randn(6, 4), torch.tensor([0, 0, 0, 1, 1, 1]))
    weights = torch.tensor([1.0, 2.0, 4.0, 0.5, 0.1, 0.3])
    raw = torch.tensor([[1.0 + 3.0, 1.0 + 0.2], [0.5 + 3.0, 0.5 + 0.2]])
    torch.testing.assert_close(pairwise(weights, comparisons), raw / raw.mean() * weights.mean())
