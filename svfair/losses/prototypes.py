"""What the losses over queries and prototypes share."""

import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.cosine_score import CosineScore
from svfair.losses.embedding_loss import SingleLoss
from svfair.losses.insertion import INSERTIONS


class PrototypeLoss(SingleLoss):
    """A loss that compares queries with the prototypes of speakers.

    Parameters
    ----------
    score
        Turns cosines into scores; its parameters are trained with the extractor.
    insertion
        A key of `INSERTIONS`: how comparisons, and their weights, become a loss.
    """

    def __init__(self, score: CosineScore | None = None, insertion: str = "softmax") -> None:
        super().__init__()
        if insertion not in INSERTIONS:
            raise ValueError(f"insertion '{insertion}' is none of {', '.join(INSERTIONS)}")
        self.score = CosineScore() if score is None else score
        self.insertion = INSERTIONS[insertion]

    def row_losses(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return the loss of each query."""
        return self.insertion(comparisons, weights)


def speaker_membership(labels: Tensor, loss: str) -> Tensor:
    """Return which utterances are of which speaker: int64 zeros and ones, shape (speakers, batch).

    Raises
    ------
    ValueError
        When a speaker has a single utterance in the batch, so that nothing is left for its prototype.
    """
    speakers, inverse = torch.unique(labels, return_inverse=True)
    membership = functional.one_hot(inverse).T
    counts = membership.sum(1)
    if int(counts.min()) < 2:
        lone = int(speakers[int(counts.argmin())])
        raise ValueError(
            f"{loss} needs at least two utterances of every speaker in a batch; speaker {lone} has one"
        )
    return membership
