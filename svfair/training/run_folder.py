import json
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from svfair import __version__
from svfair.errors import InputError, Parameter, shown
from svfair.files import locked, make_folder, write_text_whole
from svfair.manifests import Manifest
from svfair.training.data_record import DataRecord
from svfair.training.recipe import Recipe, read_recipe, to_yaml


class RunFolder:
    """Where a run keeps what it makes; every file appears whole or not at all.

    Parameters
    ----------
    path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: The recipe as resolved; it is written last of what a new run starts with.
        self.config = path / "config.yaml"
        #: Versions and machine.
        self.environment = path / "environment.json"
        #: Which data the run has, as hashes.
        self.data = DataRecord(path / "data.json")
        #: SpeechBrain's checkpoints, for resuming this run alone.
        self.checkpoints = path / "checkpoints"
        #: One JSON object a line: loss, and what the adversary does.
        self.metrics = path / "metrics.jsonl"
        #: The trained extractor; its presence says that training is complete.
        self.extractor = path / "extractor.safetensors"
        #: Which speakers were trained on and which held out.
        self.speakers = path / "speakers.csv"
        #: Embeddings of the held-out speakers' utterances.
        self.embeddings = path / "embeddings.parquet"
        #: Scored trials among the held-out speakers.
        self.scores = path / "scores.parquet"
        #: The report, for people and for programs.
        self.report_html = path / "report.html"
        self.report_json = path / "report.json"
        self._is_claimed = False
        self._has_told = False

    @property
    def is_started(self) -> bool:
        """Whether there is anything that was trained."""
        return self.is_trained or any(self.checkpoints.glob("CKPT*"))

    @property
    def is_trained(self) -> bool:
        """Whether training is complete."""
        return self.extractor.is_file()

    def check_data(
        self, parts: Mapping[str, Manifest], tell: Callable[[str], None], groups: str | None = None
    ) -> None:
        """Refuse data other than those of the run, as `DataRecord.check`; say so where they are not known."""
        if self.data.path.exists() or not self.is_started:
            self.data.check(parts, groups)
        elif not self._has_told:
            self._has_told = True
            tell(
                f"{self.data.path}: is not there, so that nothing tells whether the manifest is that of then."
            )

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep other processes out of the folder, which is there; the system ends the claim of a killed one.

        Raises
        ------
        InputError
            When another process has claimed it, or nothing can be written in it.
        """
        if self._is_claimed:
            yield
            return
        busy = f"{self.path}: another process is training in it; wait for it, or name another folder"
        with locked(self.path / ".lock", busy):
            self._is_claimed = True
            try:
                yield
            finally:
                self._is_claimed = False

    def recipe(self) -> Recipe:
        """Read back the recipe; raise InputError when this is no run folder."""
        if not self.config.is_file():
            raise InputError(f"{self.path}: not a run folder, it has no config.yaml")
        return read_recipe(self.config)


def open_run(path: Path, recipe: Recipe, *, resume: bool) -> RunFolder:
    """Make the folder of a new run, or open that of an interrupted one.

    Raises
    ------
    InputError
        When the folder exists and `resume` is off, holds a run of another recipe, is in use by another
        process, or cannot be made or written to.
    """
    run = RunFolder(path)
    _check_holds_same(run, recipe, resume)
    make_folder(path)
    with run.claimed():
        if _check_holds_same(run, recipe, resume):  # another process may have been faster
            return run
        facts = environment()
        if recipe.training.threads is not None:
            facts["threads"] = recipe.training.threads
        write_text_whole(run.environment, json.dumps(facts, indent=2) + "\n")
        write_text_whole(run.config, to_yaml(recipe))
    return run


def _check_holds_same(run: RunFolder, recipe: Recipe, resume: bool) -> bool:
    """Return whether a folder holds a run of the recipe; refuse whatever else it may hold."""
    try:
        if run.path.is_file():
            raise InputError(f"{run.path}: is a file; name a folder for the run")
        names = {path.name for path in run.path.iterdir() if path.suffix != ".part"}
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError(f"{run.path}: cannot be read ({error.strerror or error})") from error
    if names <= {".lock", run.environment.name}:  # perhaps of a run that was killed as it began
        return False
    if not resume:
        advice = ("give ", Parameter("resume"), " to go on with it, or name another folder")
        raise InputError(f"{run.path}: already exists; ", *advice)
    _check_same(run.path, run.recipe().model_dump(mode="json"), recipe.model_dump(mode="json"))
    return True


def environment() -> dict[str, str | int]:
    """Return the versions and the machine that a figure depends on."""
    packages = ("numpy", "polars", "scikit-learn", "scipy", "soundfile", "speechbrain", "torch")
    return {
        "svfair": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        **{package: metadata.version(package) for package in packages},
    }


def _check_same(path: Path, old: Any, new: Any, field: str = "") -> None:
    """Refuse the first field that differs between two recipes, given as values or sections."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old | new:
            _check_same(path, old.get(name), new.get(name), f"{field}.{name}".lstrip("."))
    elif old != new:
        raise InputError(
            f"{path}: holds a run with {field}={shown(old)}, not {shown(new)}; "
            "resume with the recipe that it was started with, or name another folder"
        )
