import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.cosine_score import CosineScore
from svfair.losses.embedding_loss import SingleLoss
from svfair.losses.insertion import binary


class PairLogistic(SingleLoss):
    """Logistic loss over all pairs of utterances, target and non-target pairs averaged each on its own.

    The loss is (mean over targets of log(1 + exp(-S)) + mean over non-targets of log(1 + exp(S))) / 2, and
    with pair weights each term is multiplied by its own: see `svfair.losses.insertion.binary`.

    Parameters
    ----------
    score
        Turns cosines into scores; its parameters are trained with the extractor.
    """

    def __init__(self, score: CosineScore | None = None) -> None:
        super().__init__()
        self.score = CosineScore() if score is None else score

    def _compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        unit = functional.normalize(embeddings)
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        return Comparisons(
            self.score(unit @ unit.T),
            is_target=labels[:, None] == labels[None, :],
            is_used=~itself,
            row_samples=torch.arange(len(labels), device=labels.device),
        )

    def row_losses(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return the loss that each utterance gathers from its target and its non-target pairs."""
        return binary(comparisons, weights)
