import json
import sys
from pathlib import Path

import pytest
import torch

from svfair.errors import InputError
from svfair.reweighting import Diagnostics
from svfair.training.metrics_log import MetricsLog

FOUND = Diagnostics(0.9, 0.3, 1.5, [1.2, float("nan")], torch.tensor([0.5, 1.0, 1.5]))


def test_group_weights_are_means_over_the_batch(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "m.jsonl", {"gender": ["female", "male", "male", "female"]})
    log.write(10, 0.5, 1e-3, torch.tensor([3, 1, 0]), FOUND)
    log.write(20, 0.4, 1e-3, torch.tensor([0, 1, 2]), None)
    first, second = (json.loads(line) for line in log.path.read_text().splitlines())
    assert first["group_weights"] == {"gender": {"female": 1.0, "male": 1.0}}
    assert first["region_weights"] == [1.2, None]
    assert second == {"step": 20, "loss": 0.4, "learning_rate": 1e-3}


def test_lines_beyond_a_checkpoint_are_dropped(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "m.jsonl", {})
    log.forget_after(3)
    for step in (1, 2, 3, 4, 5):
        log.write(step, 0.1, 0.1, torch.tensor([]), None)
    log.forget_after(3)
    assert [json.loads(line)["step"] for line in log.path.read_text().splitlines()] == [1, 2, 3]


def test_tensorboard_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra `tracking`")
    log = MetricsLog(tmp_path / "m.jsonl", {}, tmp_path / "tensorboard")
    log.write(1, 0.1, 0.1, torch.tensor([]), None)
    assert next((tmp_path / "tensorboard").iterdir()).stat().st_size > 0
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"pip install 'svfair\[tracking\]'"):
        MetricsLog(tmp_path / "m.jsonl", {}, tmp_path / "tensorboard")
