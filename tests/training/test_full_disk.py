"""Every file of a run on a disk that is full: one line that names it, and nothing half-written."""

import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor, save_extractor
from svfair.scoring import write_embeddings, write_scores
from svfair.training.metrics_log import MetricsLog

FULL = pytest.mark.fault("disks that are full")


@pytest.fixture
def no_room() -> Iterator[None]:
    """Let no file grow beyond 2,000 bytes."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


def write_extractor(path: Path) -> None:
    save_extractor(EcapaExtractor(8, 8, 16, 16), path)


def write_vectors(path: Path) -> None:
    names = [str(number) for number in range(3_000)]
    vectors = np.random.default_rng(0).random((3_000, 8), dtype=np.float32)
    write_embeddings(pl.DataFrame({"utterance_id": names, "embedding": vectors}), path)


def write_numbers(path: Path) -> None:
    names = [str(number) for number in range(3_000)]
    scores = np.random.default_rng(0).random(3_000)
    table = pl.DataFrame({"enrol": names, "test": names, "is_target": True, "score": scores})
    write_scores(table, path)


@FULL
@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_extractor, "extractor.safetensors"),
        (write_vectors, "embeddings.parquet"),
        (write_numbers, "scores.parquet"),
    ],
)
@pytest.mark.usefixtures("no_room")
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, write: Callable[[Path], None], name: str) -> None:
    with pytest.raises(InputError) as caught:
        write(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: cannot be written (File too large)"
    assert list(tmp_path.iterdir()) == []


@FULL
@pytest.mark.usefixtures("no_room")
def test_the_log_that_cannot_grow_is_named_and_goes_on_when_it_can(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl", {})

    def write() -> None:
        for step in range(1, 100):
            log.write(step, 0.5, 0.1, torch.tensor([]), None)

    with pytest.raises(InputError) as caught:
        write()
    assert str(caught.value) == f"{log.path}: cannot be written (File too large)"
    log.forget_after(20)
    assert pl.read_ndjson(log.path)["step"].to_list() == list(range(1, 21))


@pytest.mark.fault("run folders that are damaged")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"step": 1}\n{"ste\n{"step": 3}\n', "line 2 is not one of a step; delete the line to resume"),
        (b'{"step": 1}\n[]\n', "line 2 is not one of a step; delete the line to resume"),
        (b'{"loss": 1}\n', "line 1 is not one of a step; delete the line to resume"),
        (b'{"step": 1}\n\xff\n', "is not UTF-8; move it away to resume without it"),
    ],
)
def test_a_damaged_log_is_told_and_left_as_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl", {})
    log.path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        log.forget_after(5)
    assert str(caught.value) == f"{log.path}: {told}"
    assert log.path.read_bytes() == content
