import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.training import (
    Recipe,
    make_recipe,
    open_run,
    plan_run,
    read_recipe,
    read_speakers_of,
    to_yaml,
    train,
)

Make = Callable[..., Recipe]


def everything(folder: Path) -> dict[str, Any]:
    for number in range(3):
        (folder / "sounds").mkdir(parents=True, exist_ok=True)
        sound = np.random.default_rng(number).uniform(-0.3, 0.3, 5000)
        soundfile.write(folder / "sounds" / f"{number}.wav", sound, 16000)
    sounds = {"folder": str(folder / "sounds")}
    return {
        "noise": sounds,
        "music": sounds,
        "babble": sounds,
        "reverberation": sounds,
        "speed": {"new_speakers": True},
    }


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path,
    tones: Path,
    make: Make,
    interrupted_after: Callable[[int], AbstractContextManager[None]],
    workers: int,
) -> None:
    small = {"objective.loss": "aam_softmax", "training.steps": 4, "data.workers": workers}
    recipe, manifest = make(small | {"data.augmentation": everything(tmp_path)}), read_manifest(tones)
    plan = plan_run(recipe, manifest)
    whole, halves = (open_run(tmp_path / name, recipe, resume=False) for name in ("whole", "halves"))
    assert train(plan, whole, progress=False)
    with interrupted_after(2):
        assert not train(plan, halves, progress=False)
    assert train(plan_run(recipe, manifest), open_run(halves.path, recipe, resume=True), progress=False)
    weights, same = load_file(whole.extractor), load_file(halves.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert halves.metrics.read_text() == whole.metrics.read_text()
    plain = make(small)
    run = open_run(tmp_path / "plain", plain, resume=False)
    assert train(plan_run(plain, manifest), run, progress=False)
    assert (tmp_path / "plain" / "metrics.jsonl").read_text() != whole.metrics.read_text()


def test_the_section_survives_writing_and_is_off_at_first(tmp_path: Path, make: Make) -> None:
    assert make().data.augmentation.settings() is None
    recipe = make({"data.augmentation": everything(tmp_path)})
    (tmp_path / "recipe.yaml").write_text(to_yaml(recipe))
    assert read_recipe(tmp_path / "recipe.yaml") == recipe
    settings = recipe.data.augmentation.settings()
    assert settings is not None
    assert list(settings.noises) == ["noise", "music", "babble"]
    assert settings.noises["babble"].voices == (3, 7)
    assert settings.label_copies == 3


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ({"noise": {"probability": 0.5}}, "field 'data.augmentation.noise.folder'"),
        ({"hum": {}}, "unknown field 'data.augmentation.hum'; known here: noise, music, babble"),
        ({"noise": {"folder": "x", "snr_db": [9, 3]}}, "the lower bound comes first"),
        ({"babble": {"folder": "x", "voices": [5, 3]}}, "the lower bound comes first"),
        ({"noise": {"folder": "x", "probability": 0}}, "'data.augmentation.noise.probability'"),
        ({"speed": {"factors": []}}, "'data.augmentation.speed.factors'"),
        ({"speed": {"factors": [3.0]}}, "'data.augmentation.speed.factors.0'"),
    ],
)
def test_bad_sections_are_named(augmentation: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        make_recipe({"data": {"augmentation": augmentation}})


def test_a_missing_folder_is_named_before_training(tmp_path: Path, tones: Path, make: Make) -> None:
    recipe = make({"data.augmentation": {"music": {"folder": tmp_path / "gone"}}})
    with pytest.raises(InputError, match=r"data.augmentation.music.folder: no folder"):
        plan_run(recipe, read_manifest(tones))


def test_audio_may_lie_elsewhere(tmp_path: Path, tones: Path, make: Make) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tones.parent / "audio", elsewhere / "audio")
    with pytest.raises(InputError, match="is missing"):
        read_speakers_of(make({"data.manifest": tones}))
    there = {"data.manifest": tones, "data.audio_root": elsewhere}
    recipe = make(there | {"data.held_out_share": 0.2, "training.steps": 2})
    training = read_speakers_of(recipe).training
    assert training.audio_root == elsewhere.resolve()
    run = open_run(tmp_path / "run", recipe, resume=False)
    assert train(plan_run(recipe, training), run, progress=False)
    words = ["embed", str(run.path), str(tones), str(tmp_path / "out.parquet"), "--json"]
    result = CliRunner().invoke(app, [*words, "--audio-root", str(elsewhere)])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["utterances"] == 32
