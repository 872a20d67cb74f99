"""What a loss compares: a matrix of scores, and which utterances stand behind its rows and columns."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Comparisons:
    """Scores of every comparison in a batch, before any loss is taken.

    Parameters
    ----------
    scores
        Shape (rows, columns): how alike the two sides are.
    is_target
        Boolean, same shape: both sides are of one speaker.
    is_used
        Boolean, same shape: False for an utterance against itself.
    row_samples
        Shape (rows,), int64: the utterance of the batch that each row is.
    column_members
        Shape (columns, batch): averaging matrix, each row summing to one, that tells which utterances of
        the batch a column stands for. None where the columns are the utterances themselves, and where
        they are no utterances but the classes of a classifier.
    column_leaves_out_row
        Whether a column of the row's own speaker averages that speaker's *other* utterances.
    """

    scores: Tensor
    is_target: Tensor
    is_used: Tensor
    row_samples: Tensor
    column_members: Tensor | None = None
    column_leaves_out_row: bool = False

    def over_rows(self, values: Tensor) -> Tensor:
        """Carry values of the batch's utterances, shape (batch,), to the rows, shape (rows,)."""
        return values[self.row_samples]

    def over_columns(self, values: Tensor) -> Tensor:
        """Carry values of the batch's utterances, shape (batch,), to what each row meets in its columns.

        The result has a shape that broadcasts to (rows, columns).
        """
        if self.column_members is None:
            return values[None, :]
        members = self.column_members.to(values.dtype)
        columns = (members @ values)[None, :]
        if not self.column_leaves_out_row:
            return columns
        counts = (members > 0).sum(1)[None, :]
        others = (columns * counts - self.over_rows(values)[:, None]) / (counts - 1).clamp(min=1)
        return torch.where(self.is_target, others, columns)

    def detached(self) -> "Comparisons":
        """Return the same comparisons without a gradient."""
        return replace(self, scores=self.scores.detach())
