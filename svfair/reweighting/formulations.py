"""The three formulations: what the weights of samples multiply in a loss over pairs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from svfair.losses import Comparisons, EmbeddingLoss, SingleLoss
from svfair.losses.checks import check_embeddings, check_values, check_vector
from svfair.losses.precision import at_least_float32, full_precision
from svfair.reweighting.adversary import Sees

#: Mean weights, about one where all is well, are taken to be at least this before anything is divided by
#: them: weights that are zero wherever a loss asks for them then give a loss of zero, not NaN.
SMALLEST_MEAN_WEIGHT = 1e-12


def check_loss(loss: object) -> None:
    """Refuse what has no rows and comparisons to look into.

    Raises
    ------
    ValueError
        When it is no embedding loss.
    """
    if not isinstance(loss, EmbeddingLoss):
        raise ValueError(
            f"loss must be an embedding loss, such as PairLogistic(), not of type {type(loss).__name__}; "
            "AdversarialReweighting takes any module that is called with weights"
        )


class WeightedLoss(nn.Module, ABC):
    """A loss whose samples can be weighted: `loss(embeddings, labels, weights)`.

    Equal weights give the plain loss times their mean. Any module with this call shape can be reweighted:
    a loss of another library needs a `forward` of its own and none of these classes.

    Parameters
    ----------
    loss
        What is weighted.
    """

    #: What an adversary must see for this formulation; None: what it likes.
    adversary_sees: ClassVar[Sees | None] = None

    def __init__(self, loss: EmbeddingLoss) -> None:
        super().__init__()
        check_loss(loss)
        self.loss = loss

    def forward(self, embeddings: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        embeddings, labels
            Shapes (batch, size) and (batch,).
        weights
            Shape (batch,), at least 0; None for the plain loss.

        Raises
        ------
        ValueError
            When one of them has another shape or type, or lies on another device.
        """
        if weights is None:
            plain: Tensor = self.loss(embeddings, labels)
            return plain
        check_embeddings(embeddings)
        check_values("weights", weights, embeddings)
        with full_precision(embeddings):
            weights = weights.to(at_least_float32(embeddings).dtype)
            total = weights.new_zeros(())
            for coefficient, part in self.loss.parts:
                total = total + coefficient * self.weigh(part, part.compare(embeddings, labels), weights)
            return total

    @torch.no_grad()
    def sample_losses(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return each sample's loss without weights, shape (batch,): that of its row, summed over the parts.

        NaN for a sample that is not a row of every part, such as an utterance that only a prototype
        averages: its sum would lack a term, and not compare with the others.
        """
        check_embeddings(embeddings)
        with full_precision(embeddings):
            total = at_least_float32(embeddings).new_zeros(len(embeddings))
            for coefficient, part in self.loss.parts:
                comparisons = part.compare(embeddings, labels)
                losses = torch.full_like(total, torch.nan)
                losses[comparisons.row_samples] = part.row_losses(comparisons).to(total.dtype)
                total = total + coefficient * losses
            return total

    @abstractmethod
    def weigh(self, part: SingleLoss, comparisons: Comparisons, weights: Tensor) -> Tensor:
        """Return the weighted loss of one part, a scalar: weights (batch,)."""


class Accumulated(WeightedLoss):
    """A sample's loss gathers its comparisons, and its weight multiplies that sum.

    mean over rows j of lambda_j l_j, where l_j is the loss of row j and lambda is scaled so that its mean
    over the rows is its mean over the batch.
    """

    def weigh(self, part: SingleLoss, comparisons: Comparisons, weights: Tensor) -> Tensor:
        """Weigh the loss of each row."""
        rows = comparisons.over_rows(weights)
        rows = rows / rows.mean().clamp(min=SMALLEST_MEAN_WEIGHT) * weights.mean()
        return (rows * part.row_losses(comparisons)).mean()


class PseudoLabel(Accumulated):
    """The region is the pseudo-label of a group: the adversary sees it alone, and it sets the weight.

    As `accumulated`, with weights that all samples of a region share.
    """

    adversary_sees = "region"


class Pairwise(WeightedLoss):
    """A pair weighs the sum of its two samples' weights: w_ij proportional to lambda_i + lambda_j.

    A prototype has the mean weight of the utterances that it averages. Pair weights are scaled so that
    their mean over the used pairs is the mean of the sample weights. A part without pairs (a classifier)
    has its samples weighted.

    Over a loss that is symmetric in its pairs and linear in their weights (`PairLogistic`) this is the same
    number as `Accumulated`: the sum over pairs of (lambda_i + lambda_j) l_ij is twice the sum over samples
    of lambda_i times all of i's pairs.
    """

    def __init__(self, loss: EmbeddingLoss) -> None:
        super().__init__(loss)
        if not any(part.has_pairs for _, part in loss.parts):
            raise ValueError(f"{type(loss).__name__} has no pairs to weigh: use the accumulated formulation")

    def weigh(self, part: SingleLoss, comparisons: Comparisons, weights: Tensor) -> Tensor:
        """Weigh each pair."""
        if part.has_pairs:
            return part.row_losses(comparisons, pair_weights(weights, comparisons)).mean()
        return (comparisons.over_rows(weights) * part.row_losses(comparisons)).mean()


def pair_weights(weights: Tensor, comparisons: Comparisons) -> Tensor:
    """Give a pair the sum of its two samples' weights.

    Parameters
    ----------
    weights
        Sample weights lambda, shape (batch,).
    comparisons
        What is compared.

    Returns
    -------
    Tensor
        Shape (rows, columns), scaled so that the mean over the used pairs is the mean of `weights`.
    """
    check_vector("weights", weights)
    used = comparisons.is_used
    mean = _sums(weights, comparisons).masked_fill(~used, 0).sum() / used.sum().clamp(min=1)
    # Sums of scaled weights, rather than scaled sums: the graph then keeps no matrix of this.
    return _sums(weights / mean.clamp(min=SMALLEST_MEAN_WEIGHT) * weights.mean(), comparisons)


def _sums(weights: Tensor, comparisons: Comparisons) -> Tensor:
    return comparisons.over_rows(weights)[:, None] + comparisons.over_columns(weights)


FORMULATIONS: Mapping[str, type[WeightedLoss]] = {
    "accumulated": Accumulated,
    "pseudo_label": PseudoLabel,
    "pairwise": Pairwise,
}
