import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from svfair import demo
from svfair.demo import Scale, run_demo

pytest.importorskip("espeakng_loader", reason="needs the extra `demo`")


@pytest.mark.slow
def test_whole_way_and_again(tmp_path: Path, tiny: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"evaluation.targets_per_speaker": "5", "evaluation.minimum_targets": "5"}
    monkeypatch.setattr(demo, "QUICK", Scale(6, 12, tiny | few))
    said = io.StringIO()
    console = Console(file=said)
    plain, pairwise = run_demo(tmp_path / "d", quick=True, seed=3, workers=2, console=console)
    assert [plain.evaluation.system, pairwise.evaluation.system] == ["plain", "pairwise"]
    regions = plain.evaluation.attribute("country_region").groups
    assert [group.name for group in regions] == ["US", "UK", "other"]
    assert plain.evaluation.overall.errors.targets == pairwise.evaluation.overall.errors.targets == 60
    assert plain.evaluation.pooled_threshold != pairwise.evaluation.pooled_threshold
    report = (tmp_path / "d" / "report.html").read_text()
    assert "too short to compare the systems" in report
    first = json.loads((tmp_path / "d" / "report.json").read_text())
    # Everything is there already: a second call computes the same from it.
    run_demo(tmp_path / "d", quick=True, seed=3, workers=2, console=console)
    assert json.loads((tmp_path / "d" / "report.json").read_text()) == first
    assert "too short to compare" in " ".join(said.getvalue().split())


def test_recipes_are_found() -> None:
    assert (demo.RECIPES / "synthetic" / "pairwise.yaml").is_file()
