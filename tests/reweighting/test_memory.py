import pytest
import torch
from torch import Tensor

from svfair.losses import AngularPrototypical, EmbeddingLoss, GeneralizedEndToEnd, PairLogistic
from svfair.reweighting import FORMULATIONS


def held_for_backward(formulation: str, loss: EmbeddingLoss, batch: int) -> int:
    """Bytes that the graph of one weighted loss keeps."""
    weighted = FORMULATIONS[formulation](loss)
    embeddings = torch.randn(batch, 16, requires_grad=True)
    weights = torch.ones(batch, requires_grad=True)
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        value = weighted(embeddings, torch.arange(batch // 2).repeat_interleave(2), weights)
    value.backward()
    return sum(storages.values())


@pytest.mark.parametrize("formulation", sorted(FORMULATIONS))
@pytest.mark.parametrize("loss", [PairLogistic, AngularPrototypical, GeneralizedEndToEnd])
def test_memory_grows_with_the_number_of_pairs_and_no_faster(
    formulation: str, loss: type[EmbeddingLoss]
) -> None:
    small, large = (held_for_backward(formulation, loss(), batch) for batch in (256, 512))
    assert large / small < 4.2


@pytest.mark.parametrize(
    ("loss", "columns", "plain", "pairwise"),
    [
        (PairLogistic, 512, 3.0, 5.3),
        (AngularPrototypical, 128, 5.5, 6.8),
        (GeneralizedEndToEnd, 256, 4.0, 6.3),
    ],
)
def test_matrices_that_a_loss_keeps(
    loss: type[EmbeddingLoss], columns: int, plain: float, pairwise: float
) -> None:
    # Counted in float32 numbers for each comparison: plainly (weighing rows takes no matrix), and in pairs.
    comparisons = 4 * 512 * columns
    assert held_for_backward("accumulated", loss(), 512) / comparisons < plain
    assert held_for_backward("pairwise", loss(), 512) / comparisons < pairwise
