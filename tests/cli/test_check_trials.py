import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from svfair.cli.main import app


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["check-trials", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    rows = [
        {
            "utterance_id": f"s{speaker}/{session}/1.flac",
            "path": f"s{speaker}/{session}/1.flac",
            "speaker_id": f"s{speaker}",
            "session_id": f"s{speaker}/{session}",
            "duration_s": 2.0,
            "gender": ("female", "male")[speaker],
        }
        for speaker in range(2)
        for session in "ab"
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "manifest.csv")
    return tmp_path / "manifest.csv"


@pytest.mark.parametrize(
    "lines",
    [
        "1 s0/a/1.wav s0/b/1.wav\n0 s0/a/1.wav s1/a/1.wav\n",
        "s0/a/1.wav s0/b/1.wav target\ns0/a/1.wav s1/a/1.wav nontarget\n",
        "s0/a/1.wav s0/b/1.wav 1\ns0/a/1.wav s1/a/1.wav 0\n",
    ],
)
def test_a_list_that_fits(manifest: Path, tmp_path: Path, lines: str) -> None:
    (tmp_path / "list").write_text(lines)
    said = run(tmp_path / "list", manifest).stdout
    assert "1 target and 1 non-target trials over 3 utterances of 2 speakers" in said
    assert "3 utterances have another file suffix in the manifest." in said
    found = json.loads(run(tmp_path / "list", manifest, "--json").stdout)
    assert found["groups"]["gender"] == {"targets": {"female": 1}, "non_targets": {"female-male": 1}}
    assert found["list_sha256"] in said


def test_a_list_that_does_not_fit(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        "1 s0/a/1.flac s1/b/1.flac\n0 s0/a/1.flac s0/b/1.flac\n"
        "0 s0/b/1.flac s0/a/1.flac\n0 s0/a/1.flac x/2.wav\n"
    )
    result = run(tmp_path / "list", manifest, "--missing", tmp_path / "missing.txt", code=2)
    assert "1 of 4 utterances are not in the manifest (1 trials): 'x/2.wav'" in result.stderr
    assert "1 target trials are of two speakers: 's0/a/1.flac' against 's1/b/1.flac'" in result.stderr
    assert "2 non-target trials are of one speaker" in result.stderr
    assert "1 trials repeat a pair, in either order." in result.stdout
    assert (tmp_path / "missing.txt").read_text() == "x/2.wav\n"
    assert json.loads(run(tmp_path / "list", manifest, "--json", code=2).stdout)["missing"] == ["x/2.wav"]
    assert "--by: no attribute 'age'" in run(tmp_path / "list", manifest, "--by", "age", code=2).stderr
