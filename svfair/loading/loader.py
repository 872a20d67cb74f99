"""Batches for a training loop, whose errors are the same with workers as without."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from svfair.errors import InputError, Parameter

Item = dict[str, Tensor]


class CropLoader(DataLoader[Item]):
    """The batches of a `CropDataset`, read here or by workers.

    Torch makes a traceback the message of what a worker raises; here an `InputError` arrives as it was.

    Parameters
    ----------
    dataset
        Indexed by step.
    num_workers
        Processes that read; 0: this one.
    options
        See `torch.utils.data.DataLoader`.

    Raises
    ------
    InputError
        While batches are drawn: when a recording cannot be read. Of a worker that ended, torch tells by a
        signal at any time: see `ended_workers_named`.
    """

    def __init__(self, dataset: Dataset[Item], *, num_workers: int = 0, **options: Any) -> None:
        super().__init__(_ErrorsAsItems(dataset), batch_size=None, num_workers=num_workers, **options)

    def __iter__(self) -> Iterator[Item]:  # type: ignore[override]  # torch names its own iterator
        return _raising(super().__iter__())


@contextmanager
def ended_workers_named() -> Iterator[None]:
    """Raise what torch raises when a worker ends, wherever the program is just then, as an `InputError`.

    Raises
    ------
    InputError
        See above.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker (pid"):
            raise
        raise _ended() from error


def _raising(items: Iterator[Item | InputError]) -> Iterator[Item]:
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except (ConnectionError, EOFError) as error:
            if str(error).startswith("Caught "):  # a worker raised it
                raise
            raise _ended() from error  # a batch that waits in the queue went with the worker that holds it
        if isinstance(item, InputError):
            raise item
        yield item


def _ended() -> InputError:
    return InputError(
        Parameter("data.workers"),
        ": a process that reads audio ended (too little memory, or a crash of an audio library); try fewer",
    )


class _ErrorsAsItems(Dataset[Any]):
    def __init__(self, dataset: Dataset[Item]) -> None:
        self.dataset = dataset

    def __getitem__(self, step: int) -> Item | InputError:
        try:
            return self.dataset[step]
        except InputError as error:
            return error
