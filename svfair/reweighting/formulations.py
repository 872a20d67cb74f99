"""From sample weights to pair weights: what the weights of an adversary multiply."""

from collections.abc import Callable, Mapping

from torch import Tensor

from svfair.losses import Comparisons

Formulation = Callable[[Tensor, Comparisons], Tensor]


def pairwise(weights: Tensor, comparisons: Comparisons) -> Tensor:
    """Give a pair the sum of its two samples' weights: w_ij proportional to lambda_i + lambda_j.

    Parameters
    ----------
    weights
        Sample weights lambda, shape (batch,).
    comparisons
        What is compared; a prototype has the mean weight of the utterances that it averages.

    Returns
    -------
    Tensor
        Shape (rows, columns), scaled so that the mean over the used pairs is the mean of `weights`: of
        mean-one weights it is one.
    """
    pair_weights = comparisons.over_rows(weights)[:, None] + comparisons.over_columns(weights)[None, :]
    used = comparisons.is_used.to(weights.dtype)
    mean = (pair_weights * used).sum() / used.sum().clamp(min=1)
    return pair_weights * (weights.mean() / mean)


FORMULATIONS: Mapping[str, Formulation] = {"pairwise": pairwise}
