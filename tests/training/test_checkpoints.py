"""What happens to checkpoints: cut off, damaged, of another model, malicious, or on a full disk."""

import errno
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.training import Recipe, RunFolder, open_run, plan_run, train
from svfair.training import checkpoints as module
from svfair.training.checkpoints import Checkpoints, is_finite

Make = Callable[..., Recipe]
Damage = Callable[[Path], None]

PAIRWISE = {"objective.method": {"name": "pairwise", "regions": 2, "refit_every": 2, "warm_up_share": 0.34}}
DAMAGED = pytest.mark.fault("checkpoints that are cut off or damaged")
MALICIOUS = pytest.mark.fault("files that try to run code")
FULL = pytest.mark.fault("disks that are full")


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder whose neighbours are this test's own: the earlier checkpoint lies beside it."""
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


class Counters:
    step, optimizer_step, avg_train_loss = 1, 1, 0.5


def small(folder: Path, size: int = 3) -> tuple[Checkpoints, nn.Linear, list[str]]:
    torch.manual_seed(0)
    said: list[str] = []
    checkpoints = Checkpoints(folder, steps=100, tell=said.append)
    model = nn.Linear(size, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, size)).sum().backward()
    optimizer.step()
    checkpoints.add_recoverables({"brain": Counters(), "model": model, "optimizer": optimizer})
    return checkpoints, model, said


def saved_at(checkpoints: Checkpoints, *steps: int) -> list[Path]:
    for step in steps:
        checkpoints.recoverables["brain"].step = step
        with torch.no_grad():
            checkpoints.recoverables["model"].bias.fill_(step)
        checkpoints.save()
    return checkpoints.found()


def cut(name: str) -> Damage:
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size // 2)


def without(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def flipped(folder: Path) -> None:
    path = folder / "model.ckpt"
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        data = max(archive.infolist(), key=lambda info: info.filename.endswith("data/0"))
        at = data.header_offset + 30 + len(data.filename)
    start = content.index(torch.full((2,), 9.0).numpy().tobytes(), at)
    content[start] ^= 1
    path.write_bytes(content)


def of_another_size(folder: Path) -> None:
    torch.save(nn.Linear(4, 2).state_dict(), folder / "model.ckpt")


def moments_of_another_size(folder: Path) -> None:
    state = torch.load(folder / "optimizer.ckpt", weights_only=True)
    state["state"][0]["exp_avg"] = torch.zeros(7)
    torch.save(state, folder / "optimizer.ckpt")


def not_a_number(folder: Path) -> None:
    torch.save({"weight": torch.zeros(2, 3), "bias": torch.tensor([0.0, torch.nan])}, folder / "model.ckpt")


def counters(text: str) -> Damage:
    return lambda folder: (folder / "brain.ckpt").write_text(text)  # type: ignore[return-value]


DAMAGES: list[tuple[Damage, str]] = [
    (cut("model.ckpt"), "model.ckpt is cut off or damaged"),
    (cut("optimizer.ckpt"), "optimizer.ckpt is cut off or damaged"),
    (without("model.ckpt"), "model.ckpt is missing"),
    (without("optimizer.ckpt"), "optimizer.ckpt is missing"),
    (without("brain.ckpt"), "brain.ckpt is missing"),
    (flipped, "model.ckpt is damaged"),
    (of_another_size, "model.ckpt is of another model"),
    (moments_of_another_size, "optimizer.ckpt is of another model"),
    (not_a_number, "model.ckpt holds numbers that are not finite"),
    (counters(""), "brain.ckpt holds no step"),
    (counters("step: 9\n"), "brain.ckpt holds no optimizer_step"),
    (counters("step: [9\n"), "brain.ckpt cannot be read"),
    (counters("{step: 9, optimizer_step: 9, avg_train_loss: .nan}"), "brain.ckpt holds no avg_train_loss"),
    (
        counters("{step: 101, optimizer_step: 9, avg_train_loss: 1}"),
        "it is of step 101, and the run has 100",
    ),
    (lambda folder: (folder / "model.ckpt").write_bytes(b""), "model.ckpt is cut off or damaged"),  # type: ignore[list-item, return-value]
]


@DAMAGED
@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_the_older_whole_checkpoint_is_taken_and_said(tmp_path: Path, damage: Damage, reason: str) -> None:
    checkpoints, model, said = small(tmp_path)
    newest, older = saved_at(checkpoints, 5, 9)
    damage(newest)
    model.bias.data.fill_(-1)
    checkpoints.recover_if_possible()
    assert model.bias.tolist() == [5, 5]
    assert checkpoints.recoverables["brain"].step == 5
    told = f"{newest.name} cannot be used: {reason}; going on from {older.name}, after step 5."
    assert said == [f"{tmp_path}: {told}"]
    assert checkpoints.found() == [older]
    # What could not be used is kept, and is none of the last two.
    assert (tmp_path / f"unusable+{newest.name}").is_dir()
    assert len(saved_at(checkpoints, 7)) == 2
    assert older.is_dir()


@DAMAGED
@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_where_none_is_whole_nothing_is_loaded(tmp_path: Path, damage: Damage, reason: str) -> None:
    checkpoints, model, said = small(tmp_path)
    (only,) = saved_at(checkpoints, 9)
    damage(only)
    model.bias.data.fill_(-1)
    with pytest.raises(InputError) as caught:
        checkpoints.recover_if_possible()
    assert str(caught.value) == (
        f"{tmp_path}: {only.name} cannot be used: {reason}; no other checkpoint can be used; "
        "train anew in another folder"
    )
    assert model.bias.tolist() == [-1, -1]
    assert said == []
    assert checkpoints.found() == [only]


def test_the_last_two_are_kept_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints, _, _ = small(tmp_path)
    times = iter([50.0, 40.0, 30.0, 20.0])
    monkeypatch.setattr(module.time, "time", lambda: next(times))
    saved = saved_at(checkpoints, 1, 2, 3, 4)
    assert [module._read_counters(path)["step"] for path in saved] == [4, 3]
    assert list(tmp_path.iterdir()) == [saved[0]]
    assert list(checkpoints.earlier.iterdir()) == [saved[1]]


def test_a_step_that_was_saved_is_not_saved_again(tmp_path: Path) -> None:
    checkpoints, _, _ = small(tmp_path)
    saved = saved_at(checkpoints, 5, 9)
    assert saved_at(checkpoints, 9) == saved
    again, _, _ = small(tmp_path)
    again.recover_if_possible()
    again.save()
    assert again.found() == saved


@DAMAGED
def test_a_run_killed_amid_a_checkpoint_leaves_the_whole_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints, model, said = small(tmp_path)
    saved = saved_at(checkpoints, 5, 9)
    writes = module._write
    for survives in range(4):
        with monkeypatch.context() as patched:
            left = iter(range(survives))

            def write(path: Path, content: bytes, left: Any = left) -> None:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                writes(path, content)

            patched.setattr(module, "_write", write)
            patched.setattr(module.shutil, "rmtree", lambda *_, **__: None)  # it is dead by then
            with pytest.raises(KeyboardInterrupt):
                saved_at(checkpoints, 10)
        (part,) = tmp_path.glob("part+CKPT*")
        part.rename(tmp_path / f"part+{survives}")
        assert checkpoints.found() == saved
    checkpoints.recover_if_possible()
    assert model.bias.tolist() == [9, 9]
    assert said == []
    newest, older = saved_at(checkpoints, 11)
    assert list(tmp_path.iterdir()) == [newest]
    assert list(checkpoints.earlier.iterdir()) == [older]


@FULL
@pytest.mark.parametrize("room", [0, 1, 2, 3])
def test_a_full_disk_leaves_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    checkpoints, _, _ = small(tmp_path)
    saved = saved_at(checkpoints, 5, 9)
    writes, left = module._write, iter(range(room))

    def write(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            path.write_bytes(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        writes(path, content)

    monkeypatch.setattr(module, "_write", write)
    with pytest.raises(
        InputError, match=r"cannot be written \(No space left on device\); make room, and resume from the"
    ):
        saved_at(checkpoints, 10)
    assert list(tmp_path.iterdir()) == [saved[0]]
    assert checkpoints.found() == saved


@pytest.mark.fault("numbers that are not finite")
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_is_not_saved(tmp_path: Path, value: float) -> None:
    checkpoints, model, _ = small(tmp_path)
    saved = saved_at(checkpoints, 5)
    checkpoints.recoverables["brain"].step = 6
    model.weight.data[0, 0] = value
    with pytest.raises(InputError) as caught:
        checkpoints.save()
    assert str(caught.value) == (
        f"{tmp_path}: no checkpoint is written: 'model' holds numbers that are not finite"
    )
    assert list(tmp_path.iterdir()) == saved
    assert not is_finite({"a": [1, (2.0, value)]})
    assert is_finite({"a": [1, (2.0, None, "x")], "b": torch.arange(3)})


class Evil:
    """Unpickled, it writes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def evil_zip(path: Path, marker: Path) -> None:
    torch.save({"weight": Evil(marker)}, path)


def evil_pickle(path: Path, marker: Path) -> None:
    path.write_bytes(pickle.dumps(Evil(marker)))


def evil_old_format(path: Path, marker: Path) -> None:
    torch.save({"weight": Evil(marker)}, path, _use_new_zipfile_serialization=False)


def evil_yaml(path: Path, marker: Path) -> None:
    path.write_text(f"step: !!python/object/apply:os.system ['touch {marker}']\n")


@MALICIOUS
@pytest.mark.parametrize(
    ("write", "name", "reason"),
    [
        (evil_zip, "model.ckpt", "model.ckpt holds more than numbers, and is not opened"),
        (evil_zip, "optimizer.ckpt", "optimizer.ckpt holds more than numbers, and is not opened"),
        (evil_pickle, "model.ckpt", "model.ckpt is cut off or damaged"),
        (evil_old_format, "optimizer.ckpt", "optimizer.ckpt is cut off or damaged"),
        (evil_yaml, "brain.ckpt", "brain.ckpt cannot be read"),
    ],
)
def test_a_checkpoint_runs_nothing(
    tmp_path: Path, write: Callable[[Path, Path], None], name: str, reason: str
) -> None:
    marker = tmp_path / "ran"
    checkpoints, _, _ = small(tmp_path / "checkpoints")
    (only,) = saved_at(checkpoints, 5)
    write(only / name, marker)
    with pytest.raises(InputError) as caught:
        checkpoints.recover_if_possible()
    assert f"{only.name} cannot be used: {reason}; no other" in str(caught.value)
    assert not marker.exists()


@MALICIOUS
def test_the_meta_file_of_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    checkpoints, model, _ = small(tmp_path / "checkpoints")
    (only,) = saved_at(checkpoints, 5)
    evil_yaml(only / "CKPT.yaml", marker)
    checkpoints.recover_if_possible()  # the time that it would tell is not needed
    assert model.bias.tolist() == [5, 5]
    assert not marker.exists()


def test_the_pickles_of_these_tests_would_run() -> None:
    buffer = io.BytesIO(pickle.dumps(Evil(marker := Path("/nonexistent/marker"))))
    with pytest.raises(FileNotFoundError, match=str(marker)):
        pickle.load(buffer)


def lines(run: RunFolder) -> str:
    return run.metrics.read_text()


@pytest.mark.slow
@DAMAGED
@pytest.mark.parametrize("damage", [cut("extractor.ckpt"), without("objective.ckpt"), cut("brain.ckpt")])
def test_after_a_fallback_a_run_equals_an_uninterrupted_one(
    tmp_path: Path, tones: Path, make: Make, damage: Damage, interrupted_after: Any
) -> None:
    recipe = make(PAIRWISE)
    plan = plan_run(recipe, read_manifest(tones))
    whole = open_run(tmp_path / "whole", recipe, resume=False)
    assert train(plan, whole, progress=False)
    run = open_run(tmp_path / "run", recipe, resume=False)
    with interrupted_after(5):
        assert not train(plan, run, progress=False)
    damage(max(run.checkpoints.glob("CKPT*")))
    said: list[str] = []
    assert train(plan, run, progress=False, tell=said.append)
    assert len(said) == 1
    assert said[0].endswith("after step 4.")
    assert lines(run) == lines(whole)
    weights, same = load_file(whole.extractor), load_file(run.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)


@pytest.mark.slow
@DAMAGED
def test_python_is_warned_of_a_fallback(
    tmp_path: Path, tones: Path, make: Make, interrupted_after: Any
) -> None:
    recipe = make(PAIRWISE)
    plan = plan_run(recipe, read_manifest(tones))
    run = open_run(tmp_path / "run", recipe, resume=False)
    with interrupted_after(5):
        train(plan, run, progress=False)
    cut("extractor.ckpt")(max(run.checkpoints.glob("CKPT*")))
    with pytest.warns(UserWarning, match="extractor.ckpt is cut off or damaged; going on from"):
        assert train(plan, run, progress=False)
