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
