import pytest
import torch

from svfair.reweighting import Adversary


@pytest.mark.parametrize("sees", ["embedding", "region", "both"])
@pytest.mark.parametrize("hidden", [None, 4])
def test_starts_constant_and_stays_between_zero_and_one(sees: str, hidden: int | None) -> None:
    adversary = Adversary(6, 3, hidden=hidden, sees=sees)  # type: ignore[arg-type]
    embeddings, regions = torch.randn(5, 6), torch.tensor([0, 1, 2, 0, 1])
    assert adversary(embeddings, regions).tolist() == [0.5] * 5
    with torch.no_grad():
        for parameter in adversary.parameters():
            parameter += torch.randn(parameter.shape)
    f = adversary(embeddings, regions)
    assert f.shape == (5,)
    assert bool(((f > 0) & (f < 1)).all())


def test_what_it_does_not_see_does_not_matter() -> None:
    torch.manual_seed(0)
    embeddings, regions = torch.randn(4, 6), torch.tensor([0, 1, 2, 0])
    for sees in ("embedding", "region"):
        adversary = Adversary(6, 3, sees=sees)  # type: ignore[arg-type]
        torch.nn.init.normal_(adversary.layers.weight)  # type: ignore[union-attr, arg-type]
        f = adversary(embeddings, regions)
        if sees == "embedding":
            assert torch.equal(f, adversary(embeddings, regions.flip(0)))
        else:
            assert torch.equal(f, adversary(torch.randn(4, 6), regions))
            assert torch.equal(f[0], f[3])


def test_embeddings_get_no_gradient() -> None:
    embeddings = torch.randn(4, 6, requires_grad=True)
    Adversary(6, 3)(embeddings, torch.zeros(4, dtype=torch.int64)).sum().backward()
    assert embeddings.grad is None


def test_a_region_can_enter_as_its_centroid() -> None:
    centroids = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    adversary = Adversary(2, 2, sees="region", region_as="centroid", initial_spread=1.0)
    assert isinstance(adversary.layers, torch.nn.Linear)
    weight = adversary.layers.weight.detach()[0]
    f = adversary(torch.randn(3, 2), torch.tensor([0, 1, 1]), centroids)
    torch.testing.assert_close(f.detach(), torch.sigmoid(weight[[0, 1, 1]]))
    with pytest.raises(ValueError, match="sees centroids"):
        adversary(torch.randn(3, 2), torch.tensor([0, 1, 1]))


def test_it_can_be_told_the_mean_of_the_speaker_s_others() -> None:
    adversary = Adversary(2, 0, sees="embedding", sees_speaker=True, initial_spread=1.0)
    assert isinstance(adversary.layers, torch.nn.Linear)
    with torch.no_grad():
        adversary.layers.weight[0, :2] = 0  # leave the speaker alone
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 4.0], [3.0, 3.0], [0.0, 1.0]])
    labels = torch.tensor([5, 5, 5, 8])
    unit = torch.nn.functional.normalize(embeddings)
    others = torch.stack([unit[1] + unit[2], unit[0] + unit[2], unit[0] + unit[1], torch.zeros(2)])
    directions = torch.nn.functional.normalize(others)
    expected = torch.sigmoid(directions @ adversary.layers.weight[0, 2:])
    nowhere = torch.zeros(4, dtype=torch.int64)
    torch.testing.assert_close(adversary(embeddings, nowhere, labels=labels), expected)
    with pytest.raises(ValueError, match="labels must be given"):
        adversary(embeddings, nowhere)


def test_stays_in_full_precision_under_autocast() -> None:
    torch.manual_seed(0)
    adversary = Adversary(6, 3, hidden=4, initial_spread=1.0)
    embeddings, regions = torch.randn(5, 6), torch.tensor([0, 1, 2, 0, 1])
    expected = adversary(embeddings, regions)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = adversary(embeddings, regions)
    assert torch.equal(found, expected)


def test_bfloat16_embeddings_lose_no_further_digits() -> None:
    torch.manual_seed(0)
    adversary = Adversary(6, 3, initial_spread=1.0)
    embeddings, regions = torch.randn(5, 6).bfloat16(), torch.tensor([0, 1, 2, 0, 1])
    assert torch.equal(adversary(embeddings, regions), adversary(embeddings.float(), regions))


def test_an_adversary_that_sees_regions_needs_some() -> None:
    with pytest.raises(ValueError, match="at least one, not 0"):
        Adversary(6, 0)
