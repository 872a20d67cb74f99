from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from svfair.losses.checks import check_embeddings, check_whole_numbers
from svfair.losses.precision import at_least_float32, full_precision

Sees = Literal["embedding", "region", "both"]
RegionAs = Literal["one_hot", "centroid"]


class Adversary(nn.Module):
    """Predict how hard each sample is: f = sigmoid(g(embedding, region, own speaker)), in (0, 1).

    Parameters
    ----------
    embedding_size
        Size of an embedding.
    regions
        Number of regions; 0 for an adversary that sees embeddings alone.
    hidden
        Units of one hidden layer; None for a linear adversary.
    sees
        Whether it is given the embedding, the region, or both.
    region_as
        Whether a region enters as a one-hot vector or as its centroid.
    sees_speaker
        Whether it is also given the mean of the speaker's other embeddings in the batch (zeros where there
        are none): together with the embedding it tells how far a sample lies from its own speaker.
    initial_spread
        Standard deviation of the last layer's weights at the start. 0 makes f = 1/2 for all, so that
        training starts as plain training; more makes random weights, for a control.

    Notes
    -----
    Embeddings, centroids and speaker means enter with unit norm, as a one-hot region does, so that none
    drowns the others.
    """

    def __init__(
        self,
        embedding_size: int,
        regions: int,
        *,
        hidden: int | None = None,
        sees: Sees = "both",
        region_as: RegionAs = "one_hot",
        sees_speaker: bool = False,
        initial_spread: float = 0.0,
    ) -> None:
        super().__init__()
        if sees not in get_args(Sees):
            raise ValueError(f"sees is one of {', '.join(get_args(Sees))}, not '{sees}'")
        if region_as not in get_args(RegionAs):
            raise ValueError(f"region_as is one of {', '.join(get_args(RegionAs))}, not '{region_as}'")
        if hidden is not None and hidden < 1:
            raise ValueError(f"hidden is at least 1, not {hidden}; None makes a linear adversary")
        if initial_spread < 0:
            raise ValueError(f"initial_spread is at least 0, not {initial_spread}")
        if sees != "embedding" and regions < 1:
            raise ValueError(f"an adversary that sees regions needs at least one, not {regions}")
        if embedding_size < 1:
            raise ValueError(f"embedding_size is at least 1, not {embedding_size}")
        self.embedding_size = embedding_size
        self.regions = regions
        self.sees = sees
        self.region_as = region_as
        self.sees_speaker = sees_speaker
        region_size = regions if region_as == "one_hot" else embedding_size
        inputs = (
            (embedding_size if self.sees_embedding else 0)
            + (region_size if self.sees_region else 0)
            + (embedding_size if sees_speaker else 0)
        )
        last = nn.Linear(hidden or inputs, 1)
        nn.init.normal_(last.weight, std=initial_spread) if initial_spread else nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), last) if hidden else last

    @property
    def sees_embedding(self) -> bool:
        """Whether embeddings enter."""
        return self.sees != "region"

    @property
    def sees_region(self) -> bool:
        """Whether regions enter."""
        return self.sees != "embedding"

    def forward(
        self,
        embeddings: Tensor,
        regions: Tensor,
        centroids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Return f, shape (batch,).

        No gradient reaches the embeddings: what the extractor learns, it learns from its own objective.

        Parameters
        ----------
        embeddings
            Shape (batch, size).
        regions
            Shape (batch,), int64.
        centroids
            Shape (regions, size); needed for `region_as="centroid"`.
        labels
            Shape (batch,), int64; needed for `sees_speaker`.

        Raises
        ------
        ValueError
            When one that is needed is missing, has another shape or type, or lies on another device.
        """
        check_embeddings(embeddings, self.embedding_size, next(self.parameters()).device)
        if self.sees_region:
            regions = check_whole_numbers("regions", regions, embeddings)
        with full_precision(embeddings):
            # The network's own precision: a host may hold the embeddings, or this network, in another.
            own = next(self.parameters()).dtype
            unit = functional.normalize(at_least_float32(embeddings.detach()), dim=-1).to(own)
            parts = [unit] if self.sees_embedding else []
            if self.sees_region and self.region_as == "one_hot":
                parts.append(functional.one_hot(regions, self.regions).to(unit.dtype))
            elif self.sees_region:
                if centroids is None:
                    raise ValueError("this adversary sees centroids: they must be given")
                if centroids.shape != (self.regions, self.embedding_size):
                    raise ValueError(
                        f"centroids have shape {tuple(centroids.shape)}, "
                        f"not {(self.regions, self.embedding_size)}"
                    )
                parts.append(functional.normalize(centroids.to(unit.dtype), dim=-1)[regions])
            if self.sees_speaker:
                if labels is None:
                    raise ValueError("this adversary sees speakers: labels must be given")
                parts.append(_mean_of_others(unit, check_whole_numbers("labels", labels, embeddings)))
            return torch.sigmoid(self.layers(torch.cat(parts, dim=-1)).squeeze(-1))


def _mean_of_others(unit: Tensor, labels: Tensor) -> Tensor:
    """Return the direction of each speaker's other embeddings, zeros where there are none."""
    others = (labels[:, None] == labels[None, :]).to(unit.dtype)
    others.fill_diagonal_(0)
    return functional.normalize(others @ unit, dim=-1)
