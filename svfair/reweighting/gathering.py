"""One batch from all processes, so that pairs across them count and every process weighs alike."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, distributed


class _Gather(torch.autograd.Function):
    """Concatenate a tensor of every rank; each rank's share of the gradient is summed over the ranks.

    Every rank takes the loss of the whole batch, so the sum is world-size times the gradient; the mean that
    DistributedDataParallel takes over ranks undoes that, and what remains is the whole batch's gradient.
    """

    @staticmethod
    def forward(ctx: Any, local: Tensor) -> Tensor:
        ctx.rows = len(local)
        gathered = [torch.empty_like(local) for _ in range(distributed.get_world_size())]
        distributed.all_gather(gathered, local.contiguous())
        return torch.cat(gathered)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        distributed.all_reduce(total)
        return total[distributed.get_rank() * ctx.rows :][: ctx.rows]


def gather_embeddings(embeddings: Tensor) -> Tensor:
    """Return the embeddings of all ranks, in the order of ranks, with a gradient to this rank's own.

    Raises
    ------
    RuntimeError
        When no process group was initialised.
    ValueError
        When the ranks hold batches of different sizes.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        raise RuntimeError("gather=True needs torch.distributed.init_process_group to have been called")
    sizes = gather(torch.tensor([len(embeddings)], device=embeddings.device)).tolist()
    if len(set(sizes)) > 1:
        raise ValueError(f"all processes need batches of one size to gather them; they hold {sizes}")
    gathered: Tensor = _Gather.apply(embeddings)  # type: ignore[no-untyped-call]
    return gathered


def gather(values: Tensor) -> Tensor:
    """Return the values of all ranks, in the order of ranks, without a gradient."""
    gathered = [torch.empty_like(values) for _ in range(distributed.get_world_size())]
    distributed.all_gather(gathered, values.contiguous())
    return torch.cat(gathered)


def is_true_in_all(flag: Tensor) -> bool:
    """Whether a boolean scalar is true in every process: all of them then decide alike."""
    total = flag.to(torch.int32)
    distributed.all_reduce(total, op=distributed.ReduceOp.MIN)
    return bool(total)


@torch.no_grad()
def copy_from_first_rank(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors with those of rank 0, so that no rank drifts from the others."""
    for tensor in tensors:
        distributed.broadcast(tensor, src=0)


def is_first_rank() -> bool:
    """Whether this process is rank 0."""
    return distributed.get_rank() == 0
