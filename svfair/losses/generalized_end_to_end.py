import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.prototypes import PrototypeLoss, speaker_membership


class GeneralizedEndToEnd(PrototypeLoss):
    """GE2E loss, softmax variant: find every utterance among the centroids of all speakers.

    The centroid of the utterance's own speaker leaves the utterance out (Wan et al., "Generalized
    End-to-End Loss for Speaker Verification", ICASSP 2018, equations 6 and 8). Here the loss is the mean
    over the utterances, not their sum, so that it does not grow with the batch.

    Parameters as of `PrototypeLoss`.
    """

    def _compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        membership = speaker_membership(labels, "GE2E loss").to(embeddings.dtype)
        counts = membership.sum(1, keepdim=True)
        is_own = membership.T.bool()
        unit = functional.normalize(embeddings)
        totals = membership @ unit
        own = membership.T @ totals - unit
        cosines = unit @ functional.normalize(totals).T
        own_cosines = (unit * functional.normalize(own)).sum(1, keepdim=True)
        return Comparisons(
            self.score(torch.where(is_own, own_cosines, cosines)),
            is_target=is_own,
            is_used=torch.ones_like(is_own),
            row_samples=torch.arange(len(labels), device=labels.device),
            column_members=membership / counts,
            column_leaves_out_row=True,
        )
