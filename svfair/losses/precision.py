"""Losses in full precision inside a host's mixed-precision step."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def full_precision(like: Tensor) -> Iterator[None]:
    """Switch autocast off: bfloat16 has three digits, and a loss over cosines needs more."""
    with torch.autocast(like.device.type, enabled=False):
        yield


def at_least_float32(embeddings: Tensor) -> Tensor:
    """Return half-precision embeddings as float32, others as they are."""
    return embeddings.float() if embeddings.dtype in (torch.bfloat16, torch.float16) else embeddings
