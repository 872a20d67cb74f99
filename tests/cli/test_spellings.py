"""A corpus that writes genders in several ways is taken as one that writes them in one."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.trials import read_trials

GENDERS = ["female"] * 6 + ["male"] * 8 + [None]
SPELLINGS = {"female": cycle(["f", "F", "female", "woman"]), "male": cycle(["m", "male", "M", "Male", "man"])}

Manifests = tuple[Path, Path]


def run(*arguments: object) -> Any:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def manifests(make_manifest: Callable[..., Path]) -> Manifests:
    """The same speakers twice: genders in one spelling, and in another from one utterance to the next."""
    uniform, mixed = (make_manifest(GENDERS, 2, 2, name) for name in ("uniform", "mixed"))
    table = pl.read_csv(mixed / "manifest.csv")
    spelled = [next(SPELLINGS[gender]) if gender else "n/a" for gender in table["gender"]]
    table.with_columns(gender=pl.Series(spelled)).write_csv(mixed / "manifest.csv")
    return uniform, mixed


@pytest.mark.parametrize("design", ["hard", "balanced"])
def test_trials(manifests: Manifests, tmp_path: Path, design: str) -> None:
    options = ("--design", design, "--match", "gender", "--targets-per-speaker", 4)
    one, other = (run("trials", folder, tmp_path / "t.txt", *options) for folder in manifests)
    assert one == other
    assert set(other["groups"]["targets"]) - {"unknown"} == {"female", "male"}
    gender_of = {f"s{number:02d}": gender for number, gender in enumerate(GENDERS)}
    trials = read_trials(tmp_path / "t.txt")
    for enrol, test in trials.select("enrol", "test").iter_rows():
        assert gender_of[enrol[:3]] == gender_of[test[:3]]


def test_check_trials(manifests: Manifests, tmp_path: Path) -> None:
    pairs = [(one, other) for one in range(len(GENDERS)) for other in range(one, len(GENDERS))]
    (tmp_path / "t.txt").write_text(
        "".join(f"{one == other:d} s{one:02d}/a/1.wav s{other:02d}/b/2.wav\n" for one, other in pairs)
    )
    one, other = (run("check-trials", tmp_path / "t.txt", folder) for folder in manifests)
    assert one["groups"] == other["groups"]
    known = [gender or "unknown" for gender in GENDERS]
    counts = Counter("-".join(sorted((known[one], known[other]))) for one, other in pairs if one != other)
    assert other["groups"]["gender"]["non_targets"] == counts


@pytest.mark.parametrize(
    ("options", "part", "speakers"),
    [
        (("--ratio", "gender=female:1,male:3"), "", {"female": 2, "male": 6}),
        (("--where", "gender=female"), "", {"female": 6}),
        (("--where", "gender=unknown"), "", {"unknown": 1}),
        (("--split", "a=0.5,b=0.5", "--stratify", "gender"), "a", {"female": 3, "male": 4}),
    ],
)
def test_subset(
    manifests: Manifests, tmp_path: Path, options: tuple[str, ...], part: str, speakers: dict[str, int]
) -> None:
    uniform, mixed = manifests
    for name, folder in zip(("one", "other"), manifests, strict=True):
        run("subset", folder, tmp_path / name, *options, "--format", "csv")
    one, other = (pl.read_csv(tmp_path / name / part / "manifest.csv") for name in ("one", "other"))
    assert one["utterance_id"].equals(other["utterance_id"])
    counts = Counter(pl.read_csv(tmp_path / "other" / part / "speakers.csv")["gender"])
    assert {gender: counts[gender] for gender in speakers} == speakers
    # What was written stays as it was written.
    for rows, source in ((one, uniform), (other, mixed)):
        whole = pl.read_csv(source / "manifest.csv")
        assert rows.equals(whole.filter(pl.col("utterance_id").is_in(rows["utterance_id"].to_list())))
