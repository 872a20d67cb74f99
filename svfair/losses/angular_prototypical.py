import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.prototypes import PrototypeLoss, speaker_membership


class AngularPrototypical(PrototypeLoss):
    """Angular prototypical loss: find each speaker's query among the prototypes of all speakers.

    The query of a speaker is the first of its utterances in the batch, its prototype the mean of the
    others (Chung et al., "In defence of metric learning for speaker recognition", Interspeech 2020). For
    query j the loss is the cross-entropy log(1 + sum over k != j of exp(S_jk - S_jj)).

    Parameters as of `PrototypeLoss`.
    """

    def _compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        membership = speaker_membership(labels, "angular prototypical loss")
        first = membership.argmax(1)
        others = (membership - functional.one_hot(first, len(labels))).to(embeddings.dtype)
        others = others / others.sum(1, keepdim=True)
        query = functional.normalize(embeddings[first])
        prototype = functional.normalize(others @ embeddings)
        target = torch.eye(len(first), dtype=torch.bool, device=labels.device)
        return Comparisons(
            self.score(query @ prototype.T),
            is_target=target,
            is_used=torch.ones_like(target),
            row_samples=first,
            column_members=others,
        )
