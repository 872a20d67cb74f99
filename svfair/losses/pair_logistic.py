import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons
from svfair.losses.pair_loss import PairLoss


class PairLogistic(PairLoss):
    """Logistic loss over all pairs of utterances, target and non-target pairs averaged each on its own.

    With l(S) = log(1 + exp(-S)) for a target and log(1 + exp(S)) for a non-target pair, the loss is
    (mean over targets of w l + mean over non-targets of w l) / 2: linear in the pair weights w. A batch
    without one of the two kinds has a loss from the other alone.
    """

    def compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        """Compare every utterance with every other."""
        unit = functional.normalize(embeddings, dim=-1)
        same_speaker = labels[:, None] == labels[None, :]
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        return Comparisons(self.score(unit @ unit.T), is_target=same_speaker, is_used=~itself)

    def reduce(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Average the weighted losses over target and over non-target pairs."""
        losses = _logistic(comparisons)
        if weights is not None:
            losses = weights * losses
        return _mean_of_sides(losses, comparisons, dim=(0, 1))

    def row_losses(self, comparisons: Comparisons) -> Tensor:
        """Average each utterance's losses over its target and its non-target pairs."""
        return _mean_of_sides(_logistic(comparisons), comparisons, dim=(1,))


def _logistic(comparisons: Comparisons) -> Tensor:
    sign = torch.where(comparisons.is_target, -1.0, 1.0).to(comparisons.scores.dtype)
    return functional.softplus(sign * comparisons.scores)


def _mean_of_sides(losses: Tensor, comparisons: Comparisons, dim: tuple[int, ...]) -> Tensor:
    total = losses.new_zeros(())
    for side in (comparisons.is_target, ~comparisons.is_target):
        chosen = (side & comparisons.is_used).to(losses.dtype)
        total = total + (losses * chosen).sum(dim) / chosen.sum(dim).clamp(min=1)
    return total / 2
