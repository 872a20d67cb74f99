"""Checkpoints of a run: whole or not there, finite, and read without executing anything in them."""

import copy
import io
import math
import os
import pickle
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from svfair.errors import InputError
from svfair.files import make_folder
from svfair.training.yaml_text import NotYaml, read_yaml

#: SpeechBrain's names: what was saved before this class was there is read too.
_PREFIX, _META, _ENDING, _COUNTERS = "CKPT+", "CKPT.yaml", ".ckpt", "brain"

#: Before the name of a folder that is being written or deleted, and of one that cannot be used.
_PART, _UNUSABLE = "part+", "unusable+"

_COUNTS: dict[str, tuple[type, ...]] = {
    "step": (int,),
    "optimizer_step": (int,),
    "avg_train_loss": (int, float),
}


class Checkpoints:
    """SpeechBrain's checkpointer for a `Brain`, which may be killed at any point.

    A checkpoint is written under another name and renamed when it is whole; the last two are kept, the older
    one in a folder beside. Reading takes the newest that is whole, finite and of this run's sizes, and says
    which ones it passed over.

    Parameters
    ----------
    folder
        Made when it is not there; `earlier_checkpoint` beside it has the checkpoint before the newest.
    steps
        Of the whole run.
    tell
        Takes a line for the user.

    Raises
    ------
    InputError
        When the folder cannot be made.
    """

    def __init__(self, folder: Path, *, steps: int, tell: Callable[[str], None]) -> None:
        make_folder(folder)
        self.folder = folder
        self.earlier = folder.with_name("earlier_checkpoint")
        self.steps = steps
        self.tell = tell
        self.recoverables: dict[str, Any] = {}
        self._newest_step: int | None = None

    def add_recoverable(self, name: str, recoverable: Any, **_: Any) -> None:
        """Register what is saved: a module or an optimizer, or as `brain` the loop with its counters."""
        self.recoverables[name] = recoverable

    def add_recoverables(self, recoverables: Mapping[str, Any]) -> None:
        """Register several at once."""
        self.recoverables.update(recoverables)

    def save(self) -> None:
        """Save the state, and drop all checkpoints but the last two.

        A step that was saved is not saved again: the checkpoint before it would go for nothing.

        Raises
        ------
        InputError
            When a number in the state is not finite, or the checkpoint cannot be written; the checkpoints of
            before are then kept.
        """
        step: int = self.recoverables[_COUNTERS].step
        if step == self._newest_step:
            return
        contents = {}
        for name, recoverable in self.recoverables.items():
            if name == _COUNTERS:
                counters = {field: getattr(recoverable, field) for field in _COUNTS}
                contents[name] = yaml.safe_dump(counters).encode()
                continue
            state = recoverable.state_dict()
            if not is_finite(state):
                raise InputError(
                    f"{self.folder}: no checkpoint is written: '{name}' holds numbers that are not finite"
                )
            buffer = io.BytesIO()
            torch.save(state, buffer)
            contents[name] = buffer.getvalue()
        meta = {"unixtime": time.time(), "end-of-epoch": False, "brain_intra_epoch_ckpt": True}
        checkpoint = self._new_name()
        temporary = checkpoint.with_name(_PART + checkpoint.name)
        try:
            temporary.mkdir()
            for name, content in contents.items():
                _write(temporary / f"{name}{_ENDING}", content)
            _write(temporary / _META, yaml.safe_dump(meta).encode())
            temporary.rename(checkpoint)
        except OSError as error:
            raise InputError(
                f"{checkpoint}: cannot be written ({error.strerror or error}); "
                "make room, and resume from the checkpoint before it"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._newest_step = step
        self._keep_only(checkpoint)

    def recover_if_possible(self) -> None:
        """Go on from the newest checkpoint that can be used, where there is any.

        Raises
        ------
        InputError
            When there are checkpoints, and none can be used.
        """
        unusable: dict[Path, str] = {}
        found = self.found()
        for checkpoint in found:
            try:
                counters, states = self._read(checkpoint)
            except _Unusable as error:
                unusable[checkpoint] = f"{checkpoint.name} cannot be used: {error}"
                continue
            for name, state in states.items():
                self.recoverables[name].load_state_dict(state)
            self._newest_step = counters["step"]
            for field, value in counters.items():
                setattr(self.recoverables[_COUNTERS], field, value)
            if unusable:
                for passed_over in unusable:  # it must not count among the last two
                    passed_over.rename(passed_over.with_name(_UNUSABLE + passed_over.name))
                told = "; ".join(unusable.values())
                step = counters["step"]
                self.tell(f"{self.folder}: {told}; going on from {checkpoint.name}, after step {step}.")
            return
        if found:
            raise InputError(
                f"{self.folder}: {unusable[found[0]]}; no other checkpoint can be used; "
                "train anew in another folder"
            )

    def found(self) -> list[Path]:
        """Return the folders of checkpoints, the newest first, and before them any that tells no age."""
        places = (self.folder, self.earlier)
        folders = [path for place in places for path in place.glob(f"{_PREFIX}*") if path.is_dir()]
        return sorted(folders, key=_age, reverse=True)

    def _new_name(self) -> Path:
        stamp = time.strftime("%Y-%m-%d+%H-%M-%S")
        names = (self.folder / f"{_PREFIX}{stamp}+{number:02d}" for number in range(10**6))
        taken = {path.name for path in self.found()}
        return next(name for name in names if name.name not in taken and not name.exists())

    def _keep_only(self, newest: Path) -> None:
        older = [path for path in self.found() if path != newest]
        if older and older[0].parent == self.folder:
            make_folder(self.earlier)
            older[0].rename(self.earlier / older[0].name)
        for path in older[1:]:
            path.rename(path.with_name(_PART + path.name))
        for place in (self.folder, self.earlier):
            for part in place.glob(f"{_PART}*"):  # also of a run that was killed
                shutil.rmtree(part, ignore_errors=True)

    def _read(self, checkpoint: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return counters and states that fit, before any of them is used."""
        counters = _read_counters(checkpoint)
        if not 0 < counters["step"] <= self.steps:
            raise _Unusable(f"it is of step {counters['step']}, and the run has {self.steps}")
        states = {}
        for name, recoverable in self.recoverables.items():
            if name == _COUNTERS:
                continue
            states[name] = state = _read_state(checkpoint / f"{name}{_ENDING}")
            if not is_finite(state):
                raise _Unusable(f"{name}{_ENDING} holds numbers that are not finite")
            if not _fits(recoverable, state):
                raise _Unusable(f"{name}{_ENDING} is of another model")
        return counters, states


class _Unusable(Exception):  # noqa: N818 - the next checkpoint may do
    """Why a checkpoint cannot be used."""


def is_finite(state: Any) -> bool:
    """Whether all numbers in a state, nested as it may be, are finite."""
    if isinstance(state, Tensor):
        return bool(state.isfinite().all())
    if isinstance(state, float):
        return math.isfinite(state)
    if isinstance(state, Mapping):
        return all(is_finite(value) for value in state.values())
    if isinstance(state, (list, tuple)):
        return all(is_finite(value) for value in state)
    return True


def _write(path: Path, content: bytes) -> None:
    # Written by Python, so that a full disk is an OSError, and out of the cache before the folder is renamed.
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _age(checkpoint: Path) -> tuple[float, float]:
    try:
        step = _read_counters(checkpoint)["step"]
        saved = read_yaml((checkpoint / _META).read_bytes())["unixtime"]
        return step, float(saved)
    except (_Unusable, NotYaml, OSError, KeyError, TypeError, ValueError):
        return math.inf, 0.0


def _read_counters(checkpoint: Path) -> dict[str, Any]:
    name = f"{_COUNTERS}{_ENDING}"
    try:
        content = read_yaml((checkpoint / name).read_bytes())
    except FileNotFoundError:
        raise _Unusable(f"{name} is missing") from None
    except (OSError, NotYaml):
        raise _Unusable(f"{name} cannot be read") from None
    for field, kind in _COUNTS.items():
        value = content.get(field) if isinstance(content, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool) or not is_finite(value):
            raise _Unusable(f"{name} holds no {field}")
    return {field: content[field] for field in _COUNTS}


def _read_state(path: Path) -> Any:
    if not path.is_file():
        raise _Unusable(f"{path.name} is missing")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch does not look at the check sums
        if damaged is None:
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise _Unusable(f"{path.name} holds more than numbers, and is not opened") from None
    except Exception as error:  # a damaged file fails in whichever part of torch it reaches
        raise _Unusable(f"{path.name} is cut off or damaged") from error
    raise _Unusable(f"{path.name} is damaged")


def _fits(recoverable: Any, state: Any) -> bool:
    """Whether a state can be loaded, tried on a copy: what fails half-way has changed a part already."""
    trial = copy.deepcopy(recoverable)
    try:
        trial.load_state_dict(state)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return False
    if not isinstance(trial, torch.optim.Optimizer):
        return True
    return all(
        value.shape == parameter.shape
        for parameter, kept in trial.state.items()
        for value in kept.values()
        if isinstance(value, Tensor) and value.dim() > 0
    )
