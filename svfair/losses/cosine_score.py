import math

import torch
from torch import Tensor, nn


class CosineScore(nn.Module):
    """S = scale * cosine + offset, with a learned scale that stays positive and a learned offset.

    The scale is stored as its logarithm: a scale that is clamped at zero would stop learning there.

    Parameters
    ----------
    scale, offset
        Starting values; 10 and -5 are those of Wan et al., "Generalized End-to-End Loss for Speaker
        Verification", ICASSP 2018.
    """

    def __init__(self, scale: float = 10.0, offset: float = -5.0) -> None:
        super().__init__()
        if not 0 < scale < math.inf:
            raise ValueError(f"scale must be positive, not {scale}")
        if not math.isfinite(offset):
            raise ValueError(f"offset must be finite, not {offset}")
        self.log_scale = nn.Parameter(torch.tensor(scale).log())
        self.offset = nn.Parameter(torch.tensor(offset))

    def forward(self, cosine: Tensor) -> Tensor:
        """Turn cosines of any shape into scores of the same shape."""
        return self.log_scale.exp() * cosine + self.offset
