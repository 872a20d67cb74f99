import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.pair_loss import PairLoss


class AngularPrototypical(PairLoss):
    """Angular prototypical loss: find each speaker's query among the prototypes of all speakers.

    The query of a speaker is the first of its utterances in the batch, its prototype the mean of the
    others (Chung et al., "In defence of metric learning for speaker recognition", Interspeech 2020). For
    query j the loss is the cross-entropy log(1 + sum over k != j of exp(S_jk - S_jj)).

    With pair weights it is w_jj log(1 + sum over k != j of w_jk exp(S_jk - S_jj)), which grows with every
    weight. Putting the weight of the target pair inside the softmax instead would let an adversary
    *lower* the loss of a hard target by weighting it up.
    """

    def compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        """Compare each speaker's query with every speaker's prototype.

        Raises
        ------
        ValueError
            When a speaker has a single utterance in the batch.
        """
        speakers, inverse = torch.unique(labels, return_inverse=True)
        membership = functional.one_hot(inverse, len(speakers)).T
        if int(membership.sum(1).min()) < 2:
            raise ValueError("angular prototypical loss needs at least two utterances of every speaker")
        queries = functional.one_hot(membership.argmax(1), len(labels))
        others = (membership - queries).to(embeddings.dtype)
        others = others / others.sum(1, keepdim=True)
        query = functional.normalize(queries.to(embeddings.dtype) @ embeddings, dim=-1)
        prototype = functional.normalize(others @ embeddings, dim=-1)
        target = torch.eye(len(speakers), dtype=torch.bool, device=labels.device)
        return Comparisons(
            self.score(query @ prototype.T),
            is_target=target,
            is_used=torch.ones_like(target),
            row_members=queries.to(embeddings.dtype),
            column_members=others,
        )

    def reduce(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Average the (weighted) cross-entropies over the queries."""
        if weights is None:
            return self.row_losses(comparisons).mean()
        competition = self._competition(comparisons, weights.clamp(min=1e-12).log())
        return (weights.diagonal() * functional.softplus(competition)).mean()

    def row_losses(self, comparisons: Comparisons) -> Tensor:
        """Return the cross-entropy of each query."""
        return functional.softplus(self._competition(comparisons, 0.0))

    @staticmethod
    def _competition(comparisons: Comparisons, log_weights: Tensor | float) -> Tensor:
        """Return log sum over k != j of w_jk exp(S_jk - S_jj), shape (rows,)."""
        scores = comparisons.scores
        margins = scores - scores.diagonal()[:, None] + log_weights
        return margins.masked_fill(comparisons.is_target, float("-inf")).logsumexp(1)
