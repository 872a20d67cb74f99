from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from svfair.cli.main import app

pytest.importorskip("speechbrain", reason="needs the extra `train`")


@pytest.mark.parametrize(
    ("command", "advice"), [("train", "with --resume goes on"), ("demo", "command goes on")]
)
def test_an_interrupted_command_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, advice: str
) -> None:
    from svfair import demo, training

    def interrupt(*arguments: Any, **named: Any) -> None:
        raise training.Interrupted

    monkeypatch.setattr(training, "complete_run", interrupt)
    monkeypatch.setattr(demo, "run_demo", interrupt)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\n")
    result = CliRunner().invoke(app, [command, str(recipe if command == "train" else tmp_path / "demo")])
    assert result.exit_code == 130
    assert result.stderr.startswith("Interrupted. A checkpoint is left; the same command")
    assert advice in result.stderr
