import os
import signal
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from svfair.audio import AudioError
from svfair.errors import InputError
from svfair.loading import CropLoader
from svfair.loading.loader import ended_workers_named


class Steps(Dataset[dict[str, Tensor]]):
    """Ten steps, of which the fourth cannot be read."""

    def __init__(self, error: Exception | None = None, *, killed: bool = False) -> None:
        self.error = error
        self.killed = killed

    def __len__(self) -> int:
        return 10

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        if step == 3 and self.killed:
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 3 and self.error is not None:
            raise self.error
        return {"rows": torch.tensor([step])}


def drawn(loader: CropLoader) -> list[int]:
    return [int(batch["rows"]) for batch in loader]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_as_they_are(workers: int) -> None:
    assert drawn(CropLoader(Steps(), sampler=range(2, 10), num_workers=workers)) == list(range(2, 10))


@pytest.mark.fault("errors in a worker process")
@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize(
    "error", [AudioError("a.wav", "is missing", kind="missing"), InputError("two.csv: ", "is odd")]
)
def test_an_error_is_the_same_with_workers_as_without(workers: int, error: InputError) -> None:
    with pytest.raises(type(error)) as caught:
        drawn(CropLoader(Steps(error), sampler=range(10), num_workers=workers))
    assert str(caught.value) == str(error)
    assert type(caught.value) is type(error)


@pytest.mark.fault("errors in a worker process")
def test_a_worker_that_is_killed_is_told_in_one_line() -> None:
    message = (
        r"^data.workers: a process that reads audio ended \(too little memory, or a crash .+\); try fewer$"
    )
    with pytest.raises(InputError, match=message), ended_workers_named():
        drawn(CropLoader(Steps(killed=True), sampler=range(10), num_workers=1))


@pytest.mark.fault("errors in a worker process")
@pytest.mark.parametrize("workers", [0, 1])
def test_other_errors_stay_what_they_are(workers: int, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"):
        drawn(CropLoader(Steps(RuntimeError("a fault of ours")), sampler=range(10), num_workers=workers))
