"""A training stops before it steps on, saves or scores what is not finite."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
import yaml
from torch import Tensor

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor, load_extractor, save_extractor
from svfair.loading import CropDataset
from svfair.manifests import read_manifest
from svfair.training import Recipe, RunFolder, open_run, plan_run, train
from svfair.training.brain import MinMaxBrain

NOT_FINITE = pytest.mark.fault("numbers that are not finite")
Make = Callable[..., Recipe]
PAIRWISE = {"name": "pairwise", "regions": 2, "refit_every": 2, "warm_up_share": 0.34}


def stopped(folder: Path, recipe: Recipe, tones: Path) -> tuple[str, RunFolder]:
    run = open_run(folder, recipe, resume=False)
    with pytest.raises(InputError) as caught:
        train(plan_run(recipe, read_manifest(tones)), run, progress=False)
    return str(caught.value), run


def step_of(run: RunFolder) -> int:
    counters = yaml.safe_load((max(run.checkpoints.glob("CKPT*")) / "brain.ckpt").read_text())
    return int(counters["step"])


def check_kept(run: RunFolder, step: int) -> None:
    """The state of before the step is what is kept, and all of it is finite."""
    assert step_of(run) == step
    newest = max(run.checkpoints.glob("CKPT*"))
    for path in newest.glob("extractor.ckpt"):
        state = torch.load(path, weights_only=True)
        assert all(bool(tensor.isfinite().all()) for tensor in state.values())
    assert not run.extractor.exists()


def spoil(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    """Have the recording of s2-0-1 hold a value, in whatever way it was read."""
    read = CropDataset._crop

    def crop(self: CropDataset, plan: Any, number: int, seconds: float) -> Any:
        wave = read(self, plan, number, seconds)
        if self.manifest.table["utterance_id"][int(plan.rows[number])] == "s2-0-1":
            wave = wave.copy()
            wave[100] = value
        return wave

    monkeypatch.setattr(CropDataset, "_crop", crop)


@pytest.mark.slow
@NOT_FINITE
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("method", [PAIRWISE, {"name": "plain"}])
def test_the_utterance_is_named_and_the_state_of_before_is_kept(
    tmp_path: Path,
    tones: Path,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    value: float,
    method: dict[str, Any],
) -> None:
    recipe = make({"objective.method": method, "training.steps": 10, "training.checkpoint_every": 100})
    spoil(monkeypatch, value)
    plan = plan_run(recipe, read_manifest(tones))
    row = plan.manifest.table["utterance_id"].to_list().index("s2-0-1")
    step = 1 + next(step for step in range(10) if row in plan.batches.plan(step).rows)
    told, run = stopped(tmp_path / "run", recipe, tones)
    assert told == (
        f"step {step}: the loss is not finite, because of the recordings of these utterances: s2-0-1; "
        "mend their audio, or leave them out and train anew"
    )
    if step > 1:
        check_kept(run, step - 1)
    # Mended, the run goes on to where it would have come to.
    monkeypatch.undo()
    assert train(plan, run, progress=False)
    whole = open_run(tmp_path / "whole", recipe, resume=False)
    assert train(plan, whole, progress=False)
    assert run.metrics.read_text() == whole.metrics.read_text()


@NOT_FINITE
def test_samples_that_overflow_are_blamed_on_their_file(tmp_path: Path, tones: Path, make: Make) -> None:
    path = tones.parent / pl.read_csv(tones)["path"][0]
    loud = np.full(12000, 1e30, dtype=np.float32)
    loud[::2] *= -1
    wave = path.with_suffix(".wav")
    soundfile.write(wave, loud, 16000, subtype="FLOAT")
    pl.read_csv(tones).with_columns(
        path=pl.when(pl.col("utterance_id") == "s0-0-0").then(pl.lit("audio/s0-0-0.wav")).otherwise("path")
    ).write_csv(tones)
    told, _ = stopped(tmp_path / "run", make({"training.steps": 20}), tones)
    assert "s0-0-0.wav: holds samples as large as -1e+30, where 1 is full scale" in told


@NOT_FINITE
@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_finite_recordings_are_not_blamed(
    tmp_path: Path, tones: Path, make: Make, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    compute = MinMaxBrain.compute_forward

    def forward(self: MinMaxBrain, batch: Any, stage: Any) -> Tensor:
        found = compute(self, batch, stage)
        if self.step != 4:
            return found
        if what == "loss":
            return found * torch.inf
        return found + (0 * found).sqrt()  # whose slope is infinite

    monkeypatch.setattr(MinMaxBrain, "compute_forward", forward)
    recipe = make({"objective.method": PAIRWISE})
    told, run = stopped(tmp_path / "run", recipe, tones)
    assert told == (
        f"step 4: the {what} is not finite, though all recordings of the batch are; "
        "set training.learning_rate lower and train anew"
    )
    check_kept(run, 3)


@NOT_FINITE
@pytest.mark.parametrize("rate", [1e20, 1e30])
def test_a_learning_rate_that_is_too_high_stops_the_run(
    tmp_path: Path, tones: Path, make: Make, rate: float
) -> None:
    fields = {"training.learning_rate": rate, "training.learning_rate_warm_up": 0}
    told, run = stopped(tmp_path / "run", make(fields), tones)
    assert told.endswith("set training.learning_rate lower and train anew")
    assert not run.extractor.exists()
    for path in run.checkpoints.glob("CKPT*/extractor.ckpt"):
        state = torch.load(path, weights_only=True)
        assert all(bool(tensor.isfinite().all()) for tensor in state.values())


@NOT_FINITE
def test_a_gradient_of_the_adversary_alone_is_left_out(
    tmp_path: Path, tones: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = MinMaxBrain.compute_objectives

    def objective(self: MinMaxBrain, *arguments: Any) -> Tensor:
        loss = compute(self, *arguments)
        if self.step == 4:
            adversary = self.objective.adversary_parameters()
            loss = loss + sum((0 * parameter).abs().sqrt().sum() for parameter in adversary)
        return loss

    monkeypatch.setattr(MinMaxBrain, "compute_objectives", objective)
    recipe = make({"objective.method": PAIRWISE | {"play": "simultaneous"}})
    run = open_run(tmp_path / "run", recipe, resume=False)
    assert train(plan_run(recipe, read_manifest(tones)), run, progress=False)
    found = pl.read_ndjson(run.metrics)
    assert found["skipped_turns"].to_list() == [None, None, None, 1, 1, 1]


@NOT_FINITE
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_an_extractor_that_is_not_finite_is_neither_written_nor_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    extractor = EcapaExtractor(8, 8, 16, 16)
    path = tmp_path / "extractor.safetensors"
    name, weight = next(iter(extractor.network.named_parameters()))
    weight.data.flatten()[0] = value
    told = f"hold numbers that are not finite, the first is '{name}'; train anew, with a lower"
    with pytest.raises(InputError, match=told):
        save_extractor(extractor, path)
    assert not path.exists()
    with monkeypatch.context() as patched:
        patched.setattr("svfair.extractors.ecapa._check_finite", lambda *_: None)
        save_extractor(extractor, path)
    with pytest.raises(InputError, match=told):
        load_extractor(path)


@pytest.mark.fault("too little memory")
@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_batch_that_does_not_fit_into_memory_is_told(
    tmp_path: Path, tones: Path, make: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def forward(self: MinMaxBrain, batch: Any, stage: Any) -> Tensor:
        raise error

    monkeypatch.setattr(MinMaxBrain, "compute_forward", forward)
    told, _ = stopped(tmp_path / "run", make(), tones)
    assert told == (
        "step 1: no memory for a batch of 12 crops; set data.speakers_per_batch, data.crop_seconds or "
        "extractor.channels lower"
    )
