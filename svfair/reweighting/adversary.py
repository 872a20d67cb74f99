from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Sees = Literal["embedding", "region", "both"]


class Adversary(nn.Module):
    """Predict how hard each sample is: f = sigmoid(g(embedding, region)), in (0, 1).

    Parameters
    ----------
    embedding_size
        Size of an embedding.
    regions
        Number of regions; a region enters as a one-hot vector.
    hidden
        Units of one hidden layer; None for a linear adversary.
    sees
        Whether it is given the embedding, the region, or both.

    Notes
    -----
    The last layer starts at zero, so f = 1/2 for all: training starts as plain training. Embeddings enter
    with unit norm, as the one-hot region does, so that neither drowns the other.
    """

    def __init__(
        self, embedding_size: int, regions: int, *, hidden: int | None = None, sees: Sees = "both"
    ) -> None:
        super().__init__()
        self.regions = regions
        self.sees = sees
        inputs = (embedding_size if sees != "region" else 0) + (regions if sees != "embedding" else 0)
        last = nn.Linear(hidden or inputs, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), last) if hidden else last

    def forward(self, embeddings: Tensor, regions: Tensor) -> Tensor:
        """Return f, shape (batch,): embeddings (batch, size), regions int64 (batch,).

        No gradient reaches the embeddings: what the extractor learns, it learns from its own objective.
        """
        parts = []
        if self.sees != "region":
            parts.append(functional.normalize(embeddings.detach(), dim=-1))
        if self.sees != "embedding":
            parts.append(functional.one_hot(regions, self.regions).to(embeddings.dtype))
        return torch.sigmoid(self.layers(torch.cat(parts, dim=-1)).squeeze(-1))
