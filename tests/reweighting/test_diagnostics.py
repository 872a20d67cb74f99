import math

import pytest
import torch

from svfair.reweighting.diagnostics import diagnose


def test_figures_by_hand() -> None:
    weights = torch.tensor([1.0, 1.0, 2.0, 4.0])
    found = diagnose(weights, torch.tensor([0, 0, 2, 2]), 3, torch.tensor([1.0, 1.0, 2.0, 4.0]))
    assert found.effective_sample_size == pytest.approx(64 / (4 * 22))
    assert found.largest_weight == pytest.approx(2)
    assert found.region_weights[0] == 1
    assert math.isnan(found.region_weights[1])
    assert found.region_weights[2] == 3
    assert found.weight_loss_correlation == pytest.approx(1)


def test_samples_without_a_loss_do_not_count_in_the_correlation() -> None:
    weights = torch.tensor([1.0, 3.0, 2.0, 3.0])
    losses = torch.tensor([2.0, torch.nan, 1.0, torch.nan])
    assert diagnose(weights, torch.zeros(4, dtype=torch.int64), 1, losses).weight_loss_correlation == (
        pytest.approx(-1)
    )


def test_nothing_to_correlate() -> None:
    regions = torch.zeros(3, dtype=torch.int64)
    for weights, losses in (
        (torch.ones(3), torch.tensor([1.0, 2.0, 3.0])),
        (torch.tensor([1.0, 2.0, 3.0]), torch.ones(3)),
        (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([torch.nan, torch.nan, 1.0])),
    ):
        assert diagnose(weights, regions, 1, losses).weight_loss_correlation == 0


def test_an_easy_sample_s_loss_of_exactly_zero_counts() -> None:
    weights, losses = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 0.0, 1.0])
    found = diagnose(weights, torch.zeros(3, dtype=torch.int64), 1, losses).weight_loss_correlation
    assert found == pytest.approx(math.sqrt(3) / 2)
