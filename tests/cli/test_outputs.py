import re
from pathlib import Path

import pytest
from scored_files import write_scores
from typer.testing import CliRunner

from svfair.cli.main import app

OVERWRITING = "outputs that are inputs"


def refused(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


@pytest.mark.fault(OVERWRITING)
@pytest.mark.parametrize("option", ["--csv", "--latex", "--html"])
@pytest.mark.parametrize("name", ["scores.txt", "speakers.csv"])
def test_an_audit_does_not_write_over_what_it_reads(tmp_path: Path, option: str, name: str) -> None:
    audit = write_scores(tmp_path)
    before = (tmp_path / name).read_bytes()
    # However the file is written: here by a way round, then by a link.
    (tmp_path / "link").symlink_to(name)
    for path in (tmp_path / "." / ".." / tmp_path.name / name, tmp_path / "link"):
        message = refused(*audit, option, path)
        assert message == (
            f"svfair: {option}: {path} is an input of this command and would be lost; name another file\n"
        )
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.fault(OVERWRITING)
def test_two_outputs_do_not_become_one(tmp_path: Path) -> None:
    audit = write_scores(tmp_path)
    path = tmp_path / "a"
    message = refused(*audit, "--csv", path, "--html", tmp_path / "." / "a")
    assert message == f"svfair: --csv and --html: both would write {path}; name two files\n" or (
        message == f"svfair: --html and --csv: both would write {path}; name two files\n"
    )
    assert not path.exists()


@pytest.mark.fault(OVERWRITING)
def test_compare_knows_the_files_behind_commas(tmp_path: Path) -> None:
    scores, speakers = tmp_path / "scores.txt", write_scores(tmp_path)[3]
    (tmp_path / "other.txt").write_bytes(scores.read_bytes())
    pair = f"{scores},{tmp_path / 'other.txt'}"
    message = refused("compare", pair, scores, "--speakers", speakers, "--csv", tmp_path / "other.txt")
    assert "is an input of this command" in message


@pytest.mark.fault(OVERWRITING)
def test_trials_do_not_replace_the_manifest_that_they_are_drawn_from(listed: Path) -> None:
    before = listed.read_bytes()
    for given in (listed, listed.parent):
        assert "is an input of this command" in refused("trials", given, listed)
    assert listed.read_bytes() == before


@pytest.mark.fault(OVERWRITING)
def test_a_folder_is_no_output(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*write_scores(tmp_path), "--csv", str(tmp_path)])
    assert result.exit_code == 2
    assert "is a directory" in re.sub(r"[\s│]+", " ", result.stderr)  # wherever the terminal breaks lines


def test_a_device_may_be_several_outputs(tmp_path: Path) -> None:
    words = [*write_scores(tmp_path), "--csv", "/dev/null", "--html", "/dev/null", "--latex", "/dev/null"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert Path("/dev/null").is_char_device()
