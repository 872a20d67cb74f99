"""What a batch must look like. Shapes, types and devices alone: values would make a GPU wait."""

from typing import Any

import torch
from torch import Tensor

from svfair.errors import InputError, Parameter

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def check_batch(embeddings: Any, labels: Any) -> Tensor:
    """Check a batch, and return its labels as int64.

    Labels of shape (batch, 1) compare with each other without an error, and give another loss.

    Raises
    ------
    InputError
        When embeddings are not floats of shape (batch, size), or labels not whole numbers of shape (batch,)
        on the same device.
    """
    check_embeddings(embeddings)
    return check_whole_numbers("labels", labels, embeddings)


def check_embeddings(embeddings: Any, size: int | None = None, device: torch.device | None = None) -> None:
    """Check that embeddings are floats of shape (batch, size) with at least one row.

    Parameters
    ----------
    embeddings
        What the caller gave.
    size, device
        What whatever takes them was built for; None for any.

    Raises
    ------
    InputError
        When they are not.
    """
    wanted = f"(batch, {'size' if size is None else size})"
    _check_tensor("embeddings", embeddings)
    shape = tuple(embeddings.shape)
    if len(shape) != 2 or (size is not None and shape[1] != size):
        raise InputError(Parameter("embeddings"), f": have shape {shape}, not {wanted}")
    if not all(shape):
        raise InputError(Parameter("embeddings"), f": have shape {shape}; there is nothing in the batch")
    if embeddings.dtype not in _FLOATS:
        raise InputError(Parameter("embeddings"), f": are {embeddings.dtype}, not floats")
    if device is not None and embeddings.device != device:
        raise InputError(
            Parameter("embeddings"),
            f": are on {embeddings.device}, but what takes them on {device}; move it with .to(device)",
        )


def check_whole_numbers(name: str, values: Any, embeddings: Tensor) -> Tensor:
    """Return values as int64, when they are whole numbers of shape (batch,).

    Raises
    ------
    InputError
        When they are not; it names them.
    """
    check_values(name, values, embeddings)
    if values.dtype.is_floating_point or values.dtype.is_complex or values.dtype == torch.bool:
        raise InputError(Parameter(name), f": are {values.dtype}, not whole numbers; give them as int64")
    whole: Tensor = values.long()
    return whole


def check_values(name: str, values: Any, embeddings: Tensor) -> None:
    """Check that there is one value for each embedding, on the same device.

    Raises
    ------
    InputError
        When there is not; it names the values.
    """
    check_vector(name, values, len(embeddings))
    if values.device != embeddings.device:
        raise InputError(
            Parameter(name), f": are on {values.device}, but the embeddings on {embeddings.device}; move them"
        )


def check_vector(name: str, values: Any, length: int | None = None) -> None:
    """Check that values are a tensor of one dimension.

    Raises
    ------
    InputError
        When they are not, or of another length; it names the values.
    """
    _check_tensor(name, values)
    shape = tuple(values.shape)
    if len(shape) != 1 or (length is not None and shape[0] != length):
        wanted = "(batch,)" if length is None else f"({length},)"
        advice = "; flatten them" if len(shape) == 2 and 1 in shape else ""
        raise InputError(
            Parameter(name), f": have shape {shape}, not {wanted}, one for each embedding{advice}"
        )


def _check_tensor(name: str, values: Any) -> None:
    if not isinstance(values, Tensor):
        raise InputError(Parameter(name), f": must be a tensor, not {type(values).__name__}")
