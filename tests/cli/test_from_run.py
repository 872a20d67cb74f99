"""`--run`: trials and embeddings of the speakers that a run held out, and of no others."""

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.extractors import EcapaExtractor, save_extractor
from svfair.manifests import read_manifest, write_held_out
from svfair.trials import read_trials

HELD_OUT = ["s1", "s3", "s5"]


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    result = command(*arguments)
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture
def run(tmp_path: Path, tones: Path) -> Path:
    """A folder as a run leaves it, with three held-out speakers."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text("name: tiny\n")
    write_held_out(read_manifest(tones).of_speakers(HELD_OUT), folder)
    torch.manual_seed(0)
    extractor = EcapaExtractor(channels=8, embedding_size=6, mel_bands=16, attention_channels=8)
    save_extractor(extractor, folder / "extractor.safetensors")
    return folder


def test_trials_and_embeddings_are_of_held_out_speakers_alone(run: Path, tmp_path: Path) -> None:
    trials, embeddings, scores = (tmp_path / name for name in ("t.txt", "e.parquet", "s.parquet"))
    assert command("trials", "--run", run, trials).exit_code == 0
    drawn = read_trials(trials)
    assert {name.split("-")[0] for name in [*drawn["enrol"], *drawn["test"]]} == set(HELD_OUT)
    made = command("embed", "--run", run, embeddings, "--json")
    said = {"embeddings": str(embeddings), "utterances": 12, "size": 6, "notes": []}
    assert json.loads(made.stdout) == said
    names = pl.read_parquet(embeddings)["utterance_id"]
    assert names.str.split("-").list.first().unique().sort().to_list() == HELD_OUT
    assert command("score", embeddings, trials, scores).exit_code == 0
    # An extractor of another run, on what this one held out.
    again = tmp_path / "again.parquet"
    assert command("embed", run, run / "held_out.parquet", again).exit_code == 0
    assert again.read_bytes() == embeddings.read_bytes()


@pytest.mark.fault("folders that cannot be used")
def test_what_is_no_run_is_named_and_nothing_is_written(run: Path, tmp_path: Path, tones: Path) -> None:
    out, folder = tmp_path / "out.parquet", tones.parent
    for name in ("trials", "embed"):
        assert refused(name, "--run", folder, out) == (
            f"svfair: --run {folder}: is not a run folder, it has no config.yaml; `svfair train` makes one"
        )
        assert f"--run {tmp_path / 'gone'}: is not a run folder" in refused(
            name, "--run", tmp_path / "gone", out
        )
    (run / "extractor.safetensors").unlink()
    assert refused("embed", "--run", run, out) == (
        f"svfair: {run}: its training is not complete, so there is no extractor.safetensors; resume it with "
        "`svfair train`"
    )
    (run / "held_out.parquet").unlink()
    for name in ("trials", "embed"):
        assert f"--run {run}: has no held_out.parquet, as runs of earlier versions; resume it" in refused(
            name, "--run", run, out
        )
    assert not out.exists()


@pytest.mark.fault("run and manifest both given, or neither")
@pytest.mark.parametrize(
    "words", [("{corpus}", "{out}", "--run", "{run}"), ("{out}",), ("{corpus}",) * 2 + ("{out}",)]
)
def test_trials_are_of_one_manifest_or_of_a_run(
    run: Path, tmp_path: Path, tones: Path, words: tuple[str, ...]
) -> None:
    out = tmp_path / "out.txt"
    told = [word.format(corpus=tones.parent, out=out, run=run) for word in words]
    assert refused("trials", *told) == (
        "svfair: give one manifest, or --run in its place, and the file to write"
    )
    assert not out.exists()


@pytest.mark.fault("run and manifest both given, or neither")
@pytest.mark.parametrize(
    "words",
    [
        ("{run}", "{corpus}", "{out}", "--run", "{run}"),
        ("{corpus}", "{out}", "--run", "{run}"),
        ("{run}", "{out}"),
        ("{out}",),
    ],
)
def test_embeddings_are_of_one_manifest_or_of_a_run(
    run: Path, tmp_path: Path, tones: Path, words: tuple[str, ...]
) -> None:
    out = tmp_path / "out.parquet"
    told = [word.format(corpus=tones.parent, out=out, run=run) for word in words]
    assert refused("embed", *told) == (
        "svfair: give an extractor and a manifest, or --run in place of both, and the file to write"
    )
    assert not out.exists()


@pytest.mark.fault("outputs that are inputs")
def test_a_runs_own_files_are_no_place_to_write_to(run: Path) -> None:
    for name, file in (("trials", "held_out.parquet"), ("embed", "extractor.safetensors")):
        before = (run / file).read_bytes()
        assert "is an input of this command and would be lost" in refused(name, "--run", run, run / file)
        assert (run / file).read_bytes() == before
