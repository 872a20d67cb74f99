"""What prototype losses share: which utterances each speaker has in a batch."""

import torch
from torch import Tensor
from torch.nn import functional


def speaker_membership(labels: Tensor, loss: str) -> Tensor:
    """Return which utterances are of which speaker: int64 zeros and ones, shape (speakers, batch).

    Raises
    ------
    ValueError
        When a speaker has a single utterance in the batch, so that nothing is left for its prototype.
    """
    speakers, inverse = torch.unique(labels, return_inverse=True)
    membership = functional.one_hot(inverse, len(speakers)).T
    counts = membership.sum(1)
    if int(counts.min()) < 2:
        lone = int(speakers[int(counts.argmin())])
        raise ValueError(
            f"{loss} needs at least two utterances of every speaker in a batch; speaker {lone} has one"
        )
    return membership
