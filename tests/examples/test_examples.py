"""Every example runs, as its user would run it, and resumes from the host's own checkpoints."""

import difflib
import importlib
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from svfair.manifests import read_manifest

EXAMPLES = Path(__file__).parents[2] / "examples"
#: Folder of SpeechBrain's VoxCeleb speaker recipe, to run the example on the recipe itself.
RECIPE = "SPEECHBRAIN_SPEAKER_RECIPE"


def run(*arguments: str | Path, warnings: str = "error", processes: int = 1) -> str:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [sys.executable, "-W", warnings, *(torchrun if processes > 1 else []), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def losses(output: str) -> dict[int, float]:
    return {int(step): float(loss) for step, loss in re.findall(r"step (\d+): loss ([\d.]+)", output)}


@pytest.mark.slow
@pytest.mark.parametrize("example", ["plain_training", "reweighted_training", "pytorch_metric_learning_loop"])
def test_a_loop_learns_and_resumes(example: str, tmp_path: Path) -> None:
    script = EXAMPLES / f"{example}.py"
    whole = losses(run(script, "200"))
    assert list(whole) == [50, 100, 150, 200]
    assert whole[200] < whole[50]
    half = losses(run(script, "100", tmp_path / "checkpoint"))
    rest = losses(run(script, "200", tmp_path / "checkpoint"))
    assert half | rest == whole


def test_reweighting_is_at_most_ten_lines_from_plain_training() -> None:
    plain, reweighted = (
        (EXAMPLES / f"{name}.py").read_text().splitlines()
        for name in ("plain_training", "reweighted_training")
    )
    changed = [line for line in difflib.unified_diff(plain, reweighted, n=0) if re.match(r"\+(?!\+\+)", line)]
    assert 3 <= len(changed) <= 10


@pytest.mark.slow
def test_warm_up_is_plain_training_in_the_loop_too() -> None:
    plain, reweighted = (
        losses(run(EXAMPLES / f"{name}.py")) for name in ("plain_training", "reweighted_training")
    )
    assert plain[50] == reweighted[50]
    assert plain[200] != reweighted[200]


def test_the_metric_learning_loop_survives_voices_that_leave_its_miner_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    loop = importlib.import_module("pytorch_metric_learning_loop")

    def draw_easy_batch(step: int) -> tuple[Tensor, Tensor]:
        # Two speakers at opposite ends, whose utterances are equal.
        labels = torch.arange(2).repeat_interleave(10)
        return (1.0 - 2.0 * labels)[:, None] * torch.linspace(-1, 1, 40), labels

    monkeypatch.setattr(loop, "draw_batch", draw_easy_batch)
    assert loop.main(steps=120) == 0.0


def run_speechbrain(folder: Path, tones: Path, tmp_path: Path, *, processes: int = 1) -> None:
    manifest = read_manifest(tones)
    rows = ["ID,duration,wav,start,stop,spk_id"]
    for row in manifest.table.iter_rows(named=True):
        path = manifest.audio_root / row["path"]
        rows.append(f"{row['utterance_id']},{row['duration_s']},{path},0,8000,{row['speaker_id']}")
    annotation = tmp_path / "train.csv"
    annotation.write_text("\n".join(rows) + "\n")
    shutil.copy(Path(__file__).parent / "small_recipe.yaml", folder)
    (tmp_path / "out" / "save").mkdir(parents=True, exist_ok=True)
    speakers = manifest.table["speaker_id"].n_unique()
    options = {
        "data_folder": manifest.audio_root / "audio",
        "train_annotation": annotation,
        "valid_annotation": annotation,
        "output_folder": tmp_path / "out",
        "out_n_neurons": speakers,
    }
    script = EXAMPLES / "speechbrain_recipe.py"
    for epochs in (1, 2):  # the second goes on from the first
        given = [f"--{name}={value}" for name, value in (options | {"number_of_epochs": epochs}).items()]
        if processes > 1:
            given.append("--distributed_backend=gloo")
        scripts = [script] if processes == 1 else [Path(__file__).parent / "in_two_processes.py", script]
        # SpeechBrain itself warns of much.
        run(*scripts, folder, "small_recipe.yaml", *given, warnings="default", processes=processes)
    saved = max((tmp_path / "out" / "save").glob("CKPT*"))  # named by date: the last
    assert {"objective.ckpt", "adversary.ckpt", "embedding_model.ckpt"} <= {f.name for f in saved.iterdir()}
    state = torch.load(saved / "objective.ckpt", weights_only=True)
    steps = 2 * math.ceil(len(rows[1:]) / 8 / processes)
    assert int(state["steps"]) == steps
    # The bank got the batches of all processes: 8 utterances each, and as many augmented ones.
    assert int(state["regions.added"]) == steps * processes * 16
    assert float(state["adversary.layers.weight"].abs().max()) > 0


@pytest.mark.slow
def test_speechbrain_s_recipe_as_it_promises_to_be(tones: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "small_recipe.py", folder / "train_speaker_embeddings.py")
    run_speechbrain(folder, tones, tmp_path)


@pytest.mark.slow
def test_speechbrain_s_recipe_in_two_processes(tones: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "small_recipe.py", folder / "train_speaker_embeddings.py")
    run_speechbrain(folder, tones, tmp_path, processes=2)


@pytest.mark.slow
@pytest.mark.skipif(RECIPE not in os.environ, reason=f"set {RECIPE} to a copy of SpeechBrain's recipe folder")
def test_speechbrain_s_own_recipe(tones: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    shutil.copytree(os.environ[RECIPE], folder)
    run_speechbrain(folder, tones, tmp_path)
