import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.manifests.manifest import read_manifest


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["subset", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def manifest(make_manifest: Callable[..., Path]) -> Path:
    return make_manifest(["female"] * 10 + ["male"] * 20 + [None] * 2, sessions=3)


def test_a_ratio_and_its_mirror_image(manifest: Path, tmp_path: Path) -> None:
    for ratio, counts in (("female:1,male:9", (1, 9)), ("female:9,male:1", (9, 1))):
        out = tmp_path / ratio.replace(":", "")
        said = run(manifest, out, "--ratio", f"gender={ratio}").stderr
        assert "Speakers of unknown group: 2." in said
        assert "group   speakers  utterances  hours" in said
        part = read_manifest(out)
        assert part.audio_root == manifest
        speakers = pl.read_csv(out / "speakers.csv")
        assert speakers.columns == ["speaker_id", "gender", "country", "country_region"]
        assert tuple((speakers["gender"] == name).sum() for name in ("female", "male")) == counts
        facts = json.loads((out / "manifest.json").read_text())
        assert facts["parameters"]["ratio"] == f"gender={ratio}"
        assert facts["result"][-1] == {"group": "all", "speakers": 10, "utterances": 30, "hours": 0.3}
    made = json.loads(
        run(
            *(manifest, tmp_path / "few", "--ratio", "gender=female:1,male:3", "--speakers", 8),
            *("--utterances", 16, "--format", "csv", "--json"),
        ).stdout
    )
    assert [row["utterances"] for row in made["parts"][""]] == [4, 12, 16]
    assert read_manifest(tmp_path / "few" / "manifest.csv").table.height == 16


def test_splits_and_folds(manifest: Path, tmp_path: Path) -> None:
    run(
        *(manifest, tmp_path / "parts", "--split", "train=0.8,test=0.2", "--stratify", "gender"),
        *("--stratify", "country_region", "--where", "gender=female", "--where", "gender=male"),
    )
    sides = [set(read_manifest(tmp_path / "parts" / n).table["speaker_id"]) for n in ("train", "test")]
    assert [len(side) for side in sides] == [24, 6]
    assert not sides[0] & sides[1]
    said = run(manifest, tmp_path / "folds", "--folds", 4, "--stratify", "gender").stderr
    assert "fold-1/held_out" in said
    held_out = [
        name
        for fold in range(1, 5)
        for name in pl.read_csv(tmp_path / "folds" / f"fold-{fold}" / "held_out" / "speakers.csv")[
            "speaker_id"
        ]
    ]
    assert sorted(held_out) == [f"s{speaker:02d}" for speaker in range(32)]


def test_lists_and_values_whatever_the_order_of_rows(manifest: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("s01 s01/a/1.flac\ns12 s12/b/1.flac\ns01 s01/z/1.flac\n")
    assert "'s01/z/1.flac'; --skip-missing" in run(manifest, tmp_path / "l", "--list", listed, code=2).stderr
    assert not (tmp_path / "l").exists()
    said = run(
        manifest, tmp_path / "l", "--list", listed, "--skip-missing", "--where", "gender=female"
    ).stderr
    assert "Missing: 1." in said
    part = read_manifest(tmp_path / "l").table
    assert part["utterance_id"].to_list() == ["s01/a/1.wav"]
    options = ("--where", "country=UK", "--utterances-per-speaker", 2, "--seed", 4)
    run(manifest, tmp_path / "one", *options)
    table = pl.read_csv(manifest / "manifest.csv")
    table.sample(fraction=1, shuffle=True, seed=0).write_csv(manifest / "manifest.csv")
    run(manifest, tmp_path / "other", *options)
    one, other = (pl.read_parquet(tmp_path / name / "manifest.parquet") for name in ("one", "other"))
    assert one.equals(other)
    assert one.height == 16 * 2


def test_bad_requests_are_named(manifest: Path, tmp_path: Path) -> None:
    ratio = ("--ratio", "gender=female:1,male:9")
    for options, message in (
        ((), "nothing to take a part by"),
        ((*ratio, "--folds", 3), "--ratio and --folds do not go together"),
        (("--folds", 3, "--speakers", 9), "--speakers goes with --ratio"),
        ((*ratio, "--stratify", "gender"), "--stratify goes with --split or --folds"),
        (("--folds", 3, "--skip-missing"), "--skip-missing goes with --list"),
        (("--ratio", "gender=female:1"), "two groups or more"),
        (("--ratio", "gender=female:1,male:x"), "write it as gender=female:1,male:9"),
        (("--split", "a=0.5,b=0.4"), "the shares add up to 0.9, not 1"),
        (("--split", "../a=0.5,b=0.5"), "write it as train=0.8,test=0.2"),
        (("--folds", 40), "of 40 has no speaker; there are 32 speakers"),
        (("--folds", 3, "--stratify", "age"), "--stratify: no attribute 'age'"),
        (("--where", "gender"), "write it as gender=female"),
    ):
        assert message in run(manifest, tmp_path / "out", *options, code=2).stderr
    assert "is there already and not empty" in run(manifest, manifest, *ratio, code=2).stderr
