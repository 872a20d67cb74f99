import json
from pathlib import Path

import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.extractors import EcapaExtractor, save_extractor


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def extractor(tmp_path: Path) -> Path:
    """An extractor that was never trained: it hears channels and pitch, which beats chance."""
    torch.manual_seed(0)
    save_extractor(EcapaExtractor(channels=16, embedding_size=16), tmp_path / "extractor.safetensors")
    return tmp_path / "extractor.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("store", ["source", "packed"])
def test_digits_from_the_folder_to_the_table_of_errors(
    store: str, extractor: Path, real_data: Path, tmp_path: Path
) -> None:
    digits, prepared = real_data / "fsdd", tmp_path / "digits"
    pattern = "(?P<digit>[0-9])_(?P<speaker_id>[a-z]+)_(?P<take>[0-9]+)"
    run("prepare", "table", digits, prepared, "--pattern", pattern, "--store", store)
    manifest = pl.read_parquet(prepared / "manifest.parquet")
    assert manifest.height == 480
    assert sorted(manifest["speaker_id"].unique()) == [
        *("george", "jackson", "lucas", "nicolas", "theo", "yweweler"),
    ]
    assert manifest["digit"].n_unique() == 10
    embeddings, trials, scores = (tmp_path / name for name in ("e.parquet", "t.txt", "s.parquet"))
    run("embed", extractor, prepared, embeddings)
    drawn = ("--within-session", "--match", "gender", "--targets-per-speaker", 50)
    run("trials", prepared, trials, *drawn, "--non-targets-per-speaker", 50)
    run("check-trials", trials, prepared)
    run("score", embeddings, trials, scores)
    options = ("--by", "country_region", "--minimum-speakers", 2, "--replicates", 20, "--json")
    report = json.loads(run("evaluate", scores, "--manifest", prepared, *options))
    overall = report["systems"][0]["overall"]["errors"]["eer"]
    assert 0 < overall < 0.5


@pytest.mark.slow
def test_the_accent_archive_is_cut_into_trials(extractor: Path, real_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "archive"
    (source / "recordings").mkdir(parents=True)
    archive = real_data / "speech-accent-archive"
    table = pl.read_csv(archive / "speakers_all.csv", infer_schema=False)
    few = table.head(4)
    few.write_csv(source / "speakers_all.csv")
    for name in few["filename"]:
        (source / "recordings" / f"{name}.ogg").symlink_to(archive / "recordings" / f"{name}.ogg")
    run("prepare", "speech-accent-archive", source, tmp_path / "whole")
    assert pl.read_parquet(tmp_path / "whole" / "manifest.parquet").height == 4
    prepared = tmp_path / "cut"
    run("prepare", "speech-accent-archive", source, prepared, "--cut")
    manifest = pl.read_parquet(prepared / "manifest.parquet")
    assert manifest["session_id"].n_unique() == 8
    assert manifest["duration_s"].is_between(2, 5.1).all()
    embeddings, trials, scores = (tmp_path / name for name in ("e.parquet", "t.txt", "s.parquet"))
    run("embed", extractor, prepared, embeddings)
    run("trials", prepared, trials, "--design", "random")
    run("score", embeddings, trials, scores)
    assert pl.read_parquet(scores)["score"].is_finite().all()
