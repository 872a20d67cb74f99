"""Where the weights of comparisons enter a loss: `binary` or `softmax`."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from svfair.losses.comparisons import Comparisons

#: Takes the place of minus infinity: a row without non-targets then has loss 0 and gradient 0, not NaN.
_NEVER = -1e30


class Insertion(Protocol):
    """Turns comparisons and their weights into a loss for each row, shape (rows,)."""

    def __call__(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return row losses; their mean over the rows is the loss of the batch."""
        ...


def binary(comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
    """Logistic loss of every comparison, target and non-target comparisons averaged each on its own.

    With l(S) = log(1 + exp(-S)) for a target and log(1 + exp(S)) for a non-target, the mean over the rows
    is (mean over targets of w l + mean over non-targets of w l) / 2: linear in the weights w. A batch
    without one of the two kinds has a loss from the other alone.

    Parameters
    ----------
    comparisons
        What is compared.
    weights
        Shape (rows, columns), at least 0; None for ones.

    Returns
    -------
    Tensor
        Shape (rows,).

    Raises
    ------
    ValueError
        When weights have another shape.
    """
    scores = comparisons.scores
    _check_weights(weights, scores)
    # Chosen by masks, not by factors of 0 and 1: the graph keeps a byte of a comparison, not a number.
    losses = functional.softplus(torch.where(comparisons.is_target, -scores, scores))
    if weights is not None:
        losses = weights * losses
    rows = losses.new_zeros(len(losses))
    for side in (comparisons.is_target, ~comparisons.is_target):
        chosen = side & comparisons.is_used
        rows = rows + losses.masked_fill(~chosen, 0).sum(1) / chosen.sum().clamp(min=1)
    return rows * len(rows) / 2


def softmax(comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy of finding a row's target among its non-targets, with weights that can only raise it.

    For row j and its target t it is w_jt log(1 + sum over non-targets k of w_jk exp(S_jk - S_jt)), averaged
    over the row's targets. Each factor is at least 0 and grows with its weights, so the whole does.
    Putting w_jt inside the softmax instead, as in -log(w_jt e^S_jt / sum of w_jk e^S_jk), would let an
    adversary *lower* the loss of a hard target by weighting it up.

    Parameters
    ----------
    comparisons
        What is compared. Rows without a target (a speaker's only utterance) have loss 0, and the others are
        scaled so that the mean over all rows is the mean over those that have one.
    weights
        Shape (rows, columns), at least 0; None for ones.

    Returns
    -------
    Tensor
        Shape (rows,).

    Raises
    ------
    ValueError
        When weights have another shape.
    """
    scores, is_target = comparisons.scores, comparisons.is_target & comparisons.is_used
    _check_weights(weights, scores)
    is_other = ~comparisons.is_target & comparisons.is_used
    others = scores
    if weights is not None:
        # Adding the smallest number changes no weight but 0, and the graph keeps one matrix for it.
        others = others + (weights + torch.finfo(weights.dtype).tiny).log()
    competition = others.masked_fill(~is_other, _NEVER).logsumexp(1)
    # A row has few targets, so the rest goes by target rather than by comparison.
    row, column = is_target.nonzero(as_tuple=True)
    losses = functional.softplus(competition[row] - scores[row, column])
    if weights is not None:
        losses = weights[row, column] * losses
    targets = is_target.sum(1)
    rows = losses.new_zeros(len(scores)).index_add(0, row, losses) / targets.clamp(min=1)
    return rows * len(rows) / (targets > 0).sum().clamp(min=1)


def _check_weights(weights: Tensor | None, scores: Tensor) -> None:
    """Refuse weights of another shape: they would be spread over rows or columns without a word."""
    if weights is not None and weights.shape != scores.shape:
        raise ValueError(
            f"weights have shape {tuple(weights.shape)}, not {tuple(scores.shape)}, one for each comparison"
        )


INSERTIONS: Mapping[str, Insertion] = {"binary": binary, "softmax": softmax}
