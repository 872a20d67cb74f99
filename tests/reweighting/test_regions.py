import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from svfair.losses import PairLogistic
from svfair.reweighting import Regions, make_objective
from svfair.reweighting import regions as regions_module


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


def test_ids_survive_refits_where_there_are_no_clusters() -> None:
    random = torch.Generator().manual_seed(0)
    regions = Regions(16, 12, bank_size=4000)
    regions.add(torch.randn(4000, 12, generator=random))
    regions.refit()
    probe = torch.randn(2000, 12, generator=random)
    before = regions(probe)
    regions.add(torch.randn(2000, 12, generator=random))
    regions.refit()
    assert float((regions(probe) == before).float().mean()) > 0.6


def test_regions_follow_embeddings_that_move() -> None:
    regions = Regions(3, 4, bank_size=120)
    turn = torch.tensor([[0.95, -0.31, 0, 0], [0.31, 0.95, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    moved = torch.eye(4)
    regions.add(clusters(0))
    regions.refit()
    first = regions(clusters(0))
    for seed in range(1, 6):
        moved = moved @ turn
        regions.add(clusters(seed) @ moved)
        regions.refit()
    assert torch.equal(regions(clusters(9) @ moved), first)


@pytest.mark.filterwarnings("error")
def test_fewer_distinct_embeddings_than_regions_leave_regions_empty() -> None:
    regions = Regions(5, 4, bank_size=100)
    for _ in range(3):
        regions.add(torch.eye(4)[:2].repeat(40, 1))
        regions.refit()
        assert bool(regions.centroids.isfinite().all())
        assert len(set(regions(torch.eye(4)[:2]).tolist())) == 2
    regions.add(clusters(0)[:100])  # and they fill again when there is something to fill them with
    regions.refit()
    assert len(set(regions(clusters(1)).tolist())) >= 3


def test_embeddings_that_are_not_finite_are_refused() -> None:
    regions = Regions(2, 4, bank_size=8)
    regions.add(torch.ones(4, 4))
    regions.bank[1] = torch.nan  # `add` takes in none
    with pytest.raises(ValueError, match="not finite: training has diverged"):
        regions.refit()


def test_a_region_does_not_depend_on_autocast() -> None:
    regions = Regions(3, 4, bank_size=120)
    regions.add(clusters(0))
    regions.refit()
    probe = torch.randn(500, 4, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(regions(probe), regions(probe.float()))
        found = regions(probe)
    assert torch.equal(found, regions(probe))


def test_ids_survive_a_fit_that_hands_back_its_centres_in_another_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Shuffled(KMeans):  # type: ignore[misc]
        def fit(self, embeddings: np.ndarray) -> "Shuffled":
            super().fit(embeddings)
            self.cluster_centers_ = self.cluster_centers_[[2, 0, 1]]
            return self

    regions = Regions(3, 4, bank_size=120)
    regions.add(clusters(0))
    regions.refit()
    first = regions(clusters(99))
    monkeypatch.setattr(regions_module, "KMeans", Shuffled)
    for seed in range(1, 4):
        regions.add(clusters(seed))
        regions.refit()
        assert torch.equal(regions(clusters(99)), first)


def test_the_seed_decides_the_first_fit() -> None:
    bank = torch.randn(500, 12, generator=torch.Generator().manual_seed(0))
    fitted = []
    for seed in (3, 3, 4):
        objective = make_objective("pairwise", PairLogistic(), 12, regions=8, seed=seed)
        assert objective.regions is not None
        objective.regions.add(bank)
        objective.regions.refit()
        fitted.append(objective.regions.centroids)
    assert torch.equal(fitted[0], fitted[1])
    assert not torch.allclose(fitted[0].sort(0).values, fitted[2].sort(0).values)


def test_distances_are_taken_outside_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    # Which operations autocast rounds depends on the device: rather than on its list, rely on none.
    regions = Regions(3, 4, bank_size=120)
    regions.add(clusters(0))
    regions.refit()
    inside = []
    distances = torch.cdist

    def watched(*given: Tensor) -> Tensor:
        inside.append(torch.is_autocast_enabled("cpu"))
        return distances(*given)

    monkeypatch.setattr(torch, "cdist", watched)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        regions(clusters(1))
    assert inside == [False]
