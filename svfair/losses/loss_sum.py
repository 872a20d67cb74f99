import math
from collections.abc import Sequence

from torch import nn

from svfair.losses.embedding_loss import EmbeddingLoss, SingleLoss


class LossSum(EmbeddingLoss):
    """A sum of losses over the same embeddings, such as angular prototypical + AAM-softmax.

    Reweighting weighs each part by itself: pairs where a part has pairs, samples where it has none.

    Parameters
    ----------
    losses
        What is summed.
    coefficients
        Factor of each; ones by default.
    """

    def __init__(self, losses: Sequence[EmbeddingLoss], coefficients: Sequence[float] | None = None) -> None:
        super().__init__()
        if not losses:
            raise ValueError("a sum of losses needs at least one")
        for loss in losses:
            if not isinstance(loss, EmbeddingLoss):
                raise ValueError(
                    f"losses are embedding losses, such as PairLogistic(), not {type(loss).__name__}"
                )
        coefficients = [1.0] * len(losses) if coefficients is None else list(coefficients)
        if len(coefficients) != len(losses) or not all(0 < one < math.inf for one in coefficients):
            raise ValueError(f"each of {len(losses)} losses needs a positive coefficient, not {coefficients}")
        self.losses = nn.ModuleList(losses)
        self.coefficients = coefficients

    @property
    def parts(self) -> Sequence[tuple[float, SingleLoss]]:
        """The single losses, with their coefficients."""
        found = []
        for coefficient, loss in zip(self.coefficients, self.losses, strict=True):
            assert isinstance(loss, EmbeddingLoss)
            found += [(coefficient * inner, part) for inner, part in loss.parts]
        return found
