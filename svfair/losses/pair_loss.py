from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from svfair.losses.comparisons import Comparisons


class CosineScore(nn.Module):
    """S = scale * cosine + offset, with a learned scale that stays positive and a learned offset.

    The scale is stored as its logarithm: a scale that is clamped at zero would stop learning there.

    Parameters
    ----------
    scale, offset
        Starting values; 10 and -5 are those of Wan et al., "Generalized End-to-End Loss for Speaker
        Verification", ICASSP 2018.
    """

    def __init__(self, scale: float = 10.0, offset: float = -5.0) -> None:
        super().__init__()
        if scale <= 0:
            raise ValueError(f"scale must be positive, not {scale}")
        self.log_scale = nn.Parameter(torch.tensor(scale).log())
        self.offset = nn.Parameter(torch.tensor(offset))

    def forward(self, cosine: Tensor) -> Tensor:
        """Turn cosines of any shape into scores of the same shape."""
        return self.log_scale.exp() * cosine + self.offset


class PairLoss(nn.Module, ABC):
    """A metric-learning loss over the pairs of a batch, in two steps that reweighting can step between.

    `compare` says what is compared with what; `reduce` turns the scores into one number, with or without a
    weight for every comparison. Calling the loss does both: `loss(embeddings, labels)`.

    Parameters
    ----------
    score
        Turns cosines into scores; its parameters are trained with the extractor.
    """

    def __init__(self, score: CosineScore | None = None) -> None:
        super().__init__()
        self.score = CosineScore() if score is None else score

    @abstractmethod
    def compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        """Score the comparisons of a batch: embeddings (batch, size), labels (batch,)."""

    @abstractmethod
    def reduce(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return the scalar loss; `weights` (rows, columns) are at least 0, with mean one if they only shift.

        Raising any weight never lowers the loss, so that an adversary which maximises it puts its weight
        on what is hard.
        """

    @abstractmethod
    def row_losses(self, comparisons: Comparisons) -> Tensor:
        """Return the unweighted loss of each row, shape (rows,)."""

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the scalar loss of a batch: embeddings (batch, size), labels (batch,)."""
        return self.reduce(self.compare(embeddings, labels), weights)
