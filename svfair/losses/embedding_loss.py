from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from svfair.losses.checks import check_batch, check_embeddings
from svfair.losses.comparisons import Comparisons
from svfair.losses.precision import at_least_float32, full_precision


class EmbeddingLoss(nn.Module, ABC):
    """A loss over the embeddings of a batch and the speakers that they are of.

    Calling it gives the plain loss: `loss(embeddings, labels)`. Reweighting looks inside, at its `parts`.
    """

    @property
    @abstractmethod
    def parts(self) -> Sequence[tuple[float, "SingleLoss"]]:
        """Coefficients and losses whose weighted sum this loss is."""

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the plain loss, a scalar: embeddings (batch, size), labels whole numbers (batch,).

        Raises
        ------
        ValueError
            When they have another shape or type, lie on two devices, or the loss cannot compare them.
        """
        check_embeddings(embeddings)
        with full_precision(embeddings):
            total = embeddings.new_zeros(())
            for coefficient, part in self.parts:
                total = total + coefficient * part.row_losses(part.compare(embeddings, labels)).mean()
            return total


class SingleLoss(EmbeddingLoss):
    """A loss in two steps that reweighting can step between.

    `compare` says what is compared with what; `row_losses` turns the scores into a loss for each row, with
    or without a weight for every comparison. The mean of the row losses is the loss of the batch.

    A loss of your own is a subclass with these two methods (both run in full precision, with embeddings
    that are at least float32).
    """

    #: Whether both sides of a comparison are utterances of the batch, so that a pair has a weight.
    has_pairs: bool = True

    @property
    def parts(self) -> Sequence[tuple[float, "SingleLoss"]]:
        """The loss itself, with coefficient one."""
        return ((1.0, self),)

    def compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        """Score the comparisons of a batch: embeddings (batch, size), labels whole numbers (batch,).

        Raises
        ------
        ValueError
            See `forward`.
        """
        labels = check_batch(embeddings, labels)
        with full_precision(embeddings):
            return self._compare(at_least_float32(embeddings), labels)

    @abstractmethod
    def _compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons: ...

    @abstractmethod
    def row_losses(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return the loss of each row, shape (rows,), whose mean is the loss of the batch.

        Parameters
        ----------
        comparisons
            From `compare`.
        weights
            Shape (rows, columns), at least 0. Raising any weight never lowers any loss, so that an adversary
            which maximises it puts its weight on what is hard. None for ones.
        """
