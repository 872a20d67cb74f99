import pytest
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from svfair.reweighting import Regions


def clusters(seed: int, each: int = 40) -> Tensor:
    """Three tight clusters on the axes of a 4-dimensional space."""
    generator = torch.Generator().manual_seed(seed)
    return torch.eye(4)[:3].repeat_interleave(each, 0) + 0.02 * torch.randn(3 * each, 4, generator=generator)


def test_finds_the_clusters() -> None:
    regions = Regions(3, 4, bank_size=200)
    embeddings = clusters(0)
    assert regions(embeddings).tolist() == [0] * 120
    regions.add(embeddings)
    regions.refit()
    found = regions(embeddings).reshape(3, 40)
    assert [len(set(row.tolist())) for row in found] == [1, 1, 1]
    assert len(set(found[:, 0].tolist())) == 3


def test_ids_survive_a_refit() -> None:
    regions = Regions(3, 4, bank_size=120)
    for seed in range(6):
        regions.add(clusters(seed))
        regions.refit()
        if seed == 0:
            first = regions(clusters(99))
        assert torch.equal(regions(clusters(99)), first)


def test_the_bank_keeps_the_latest() -> None:
    regions = Regions(1, 2, bank_size=3)
    for value in range(1, 6):
        regions.add(torch.tensor([[float(value), 1.0]]))
    expected = functional.normalize(torch.tensor([[4.0, 1.0], [5.0, 1.0], [3.0, 1.0]]), dim=1)
    torch.testing.assert_close(regions.bank, expected)
    regions.add(torch.arange(20.0).reshape(10, 2))
    torch.testing.assert_close(
        regions.bank.sort(0).values, functional.normalize(torch.arange(14.0, 20).reshape(3, 2)).sort(0).values
    )


def test_state_travels_in_the_state_dict() -> None:
    one = Regions(3, 4, bank_size=120)
    one.add(clusters(0))
    one.refit()
    other = Regions(3, 4, bank_size=120)
    other.load_state_dict(one.state_dict())
    for regions in (one, other):
        regions.add(clusters(1))
        regions.refit()
    assert torch.equal(one.centroids, other.centroids)


def test_too_many_regions_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be split into 9"):
        Regions(9, 4, bank_size=8)
    regions = Regions(4, 4, bank_size=8)
    regions.add(torch.eye(4)[:3])
    with pytest.raises(ValueError, match="3 embeddings in the bank cannot be split into 4 regions"):
        regions.refit()


def test_a_refit_does_not_depend_on_threads() -> None:
    bank = torch.randn(4096, 64, generator=torch.Generator().manual_seed(0))
    fitted = []
    for threads in (1, 2):
        regions = Regions(16, 64)
        regions.add(bank)
        with threadpool_limits(threads):
            regions.refit()
        fitted.append(regions.centroids)
    assert torch.equal(*fitted)
