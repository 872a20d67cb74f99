import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.trials.files import read_trials
from svfair.trials.list_hash import hash_of_list


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["trials", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def manifest(make_manifest: Callable[..., Path]) -> Path:
    return (
        make_manifest(["female"] * 4 + ["male"] * 6 + [None] * 2, sessions=2, utterances=3) / "manifest.csv"
    )


def test_balanced_trials_are_counted_by_group(manifest: Path, tmp_path: Path) -> None:
    few = ("--targets-per-speaker", 5, "--non-targets-per-speaker", 4)
    out = tmp_path / "trials.parquet"
    made = json.loads(run(manifest, out, "--design", "balanced", *few, "--json").stdout)
    assert made["groups"] == {
        "targets": {"female": 20, "male": 20},
        "non_targets": {"female-female": 8, "female-male": 8, "male-male": 8},
    }
    assert made["speakers_of_unknown_group"] == 2
    assert made["list_sha256"] == hash_of_list(read_trials(out))
    said = run(manifest, tmp_path / "trials.txt", "--design", "balanced", *few).stderr
    assert hash_of_list(read_trials(tmp_path / "trials.txt")) in said
    assert "non-target  female-male     8" in said
    assert "Speakers left out because gender is not known: 2." in said
    by_region = json.loads(
        run(manifest, out, "--design", "balanced", "--by", "country_region", *few, "--json").stdout
    )
    assert set(by_region["groups"]["non_targets"]) == {"UK-UK", "UK-US", "US-US"}


def test_hard_is_the_default_and_random_is_hard_without_match(manifest: Path, tmp_path: Path) -> None:
    hashes = {}
    for name, options in {
        "default": (),
        "hard": ("--design", "hard", "--match", "gender"),
        "random": ("--design", "random"),
        "none": ("--match", "none"),
    }.items():
        made = json.loads(run(manifest, tmp_path / "t.txt", *options, "--json").stdout)
        hashes[name] = made["list_sha256"]
    assert hashes["default"] == hashes["hard"] != hashes["random"] == hashes["none"]


def test_bad_requests_are_named(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.txt"
    for options, message in (
        (("--design", "random", "--match", "gender"), "--match: random non-targets share nothing"),
        (("--match", "none", "--match", "gender"), "--match: none stands alone"),
        (("--trials", 10), "belong to --design balanced"),
        (("--by", "age"), "--by: no attribute 'age'"),
    ):
        assert message in run(manifest, out, *options, code=2).stderr
    table = pl.read_csv(manifest)
    table.with_columns(session_id="speaker_id").write_csv(manifest)
    assert "--within-session" in run(manifest, out, code=2).stderr
    run(manifest, out, "--within-session")
