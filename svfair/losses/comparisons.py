"""What a pair loss compares: a matrix of scores, and which utterances stand behind its rows and columns."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Comparisons:
    """Scores of every comparison in a batch, before any loss is taken.

    Parameters
    ----------
    scores
        Shape (rows, columns): S = scale * cosine + offset.
    is_target
        Boolean, same shape: both sides are of one speaker.
    is_used
        Boolean, same shape: False for an utterance against itself.
    row_members, column_members
        Shape (rows, batch) and (columns, batch): averaging matrices, each row summing to one, that tell
        which utterances of the batch a row or column stands for. None where rows (columns) are the
        utterances themselves.
    """

    scores: Tensor
    is_target: Tensor
    is_used: Tensor
    row_members: Tensor | None = None
    column_members: Tensor | None = None

    def over_rows(self, values: Tensor) -> Tensor:
        """Carry values of the batch's utterances, shape (batch,), to the rows, shape (rows,)."""
        return values if self.row_members is None else self.row_members.to(values.dtype) @ values

    def over_columns(self, values: Tensor) -> Tensor:
        """Carry values of the batch's utterances, shape (batch,), to the columns, shape (columns,)."""
        return values if self.column_members is None else self.column_members.to(values.dtype) @ values
