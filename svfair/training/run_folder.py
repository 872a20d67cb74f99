import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from svfair import __version__
from svfair.errors import InputError, Parameter
from svfair.files import write_text_whole
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
        #: The recipe as resolved.
        self.config = path / "config.yaml"
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

    @property
    def is_trained(self) -> bool:
        """Whether training is complete."""
        return self.extractor.is_file()

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
        When the folder exists and `resume` is off, or holds a run of another recipe.
    """
    run = RunFolder(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder for the run")
    if path.is_dir() and any(path.iterdir()):
        if not resume:
            advice = ("give ", Parameter("resume"), " to go on with it, or name another folder")
            raise InputError(f"{path}: already exists; ", *advice)
        _check_same(path, run.recipe().model_dump(mode="json"), recipe.model_dump(mode="json"))
        return run
    path.mkdir(parents=True, exist_ok=True)
    write_text_whole(run.config, to_yaml(recipe))
    write_text_whole(path / "environment.json", json.dumps(environment(), indent=2) + "\n")
    return run


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
            f"{path}: holds a run with {field}={old}, not {new}; "
            "resume with the recipe that it was started with, or name another folder"
        )
