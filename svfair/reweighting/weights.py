from typing import Literal

from torch import Tensor

Weighting = Literal["mean_one", "literal"]

#: Floor of the mean of f, as in the code that came with Lahoti et al. (2020).
SMALLEST_MEAN = 1e-4


def sample_weights(f: Tensor, weighting: Weighting = "mean_one") -> Tensor:
    """Turn the adversary's output into sample weights.

    Parameters
    ----------
    f
        Shape (batch,), in (0, 1).
    weighting
        `literal` is lambda_i = 1 + f_i / mean(f), equation 4 of Lahoti et al., "Fairness without
        Demographics through Adversarially Reweighted Learning", NeurIPS 2020, whose mean is two.
        `mean_one` is half of it, so that switching reweighting on does not change the learning rate.

    Returns
    -------
    Tensor
        Shape (batch,).
    """
    literal = 1 + f / f.mean().clamp(min=SMALLEST_MEAN)
    return literal if weighting == "literal" else literal / 2
