import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from svfair.cli.main import app


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["check-trials", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def manifest(make_manifest: Callable[..., Path]) -> Path:
    return make_manifest(["female", "male"], sessions=2)


@pytest.mark.parametrize(
    "lines",
    [
        "1 s00/a/1.flac s00/b/1.flac\n0 s00/a/1.flac s01/a/1.flac\n",
        "s00/a/1.flac s00/b/1.flac target\ns00/a/1.flac s01/a/1.flac nontarget\n",
        "s00/a/1.flac s00/b/1.flac 1\ns00/a/1.flac s01/a/1.flac 0\n",
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
        "1 s00/a/1.wav s01/b/1.wav\n0 s00/a/1.wav s00/b/1.wav\n"
        "0 s00/b/1.wav s00/a/1.wav\n0 s00/a/1.wav x/2.wav\n"
    )
    result = run(tmp_path / "list", manifest, "--missing", tmp_path / "missing.txt", code=2)
    assert "1 of 4 utterances are not in the manifest (1 trials): 'x/2.wav'" in result.stderr
    assert "1 target trials are of two speakers: 's00/a/1.wav' against 's01/b/1.wav'" in result.stderr
    assert "2 non-target trials are of one speaker" in result.stderr
    assert "1 trials repeat a pair, in either order." in result.stdout
    assert (tmp_path / "missing.txt").read_text() == "x/2.wav\n"
    assert json.loads(run(tmp_path / "list", manifest, "--json", code=2).stdout)["missing"] == ["x/2.wav"]
    assert "--by: no attribute 'age'" in run(tmp_path / "list", manifest, "--by", "age", code=2).stderr
