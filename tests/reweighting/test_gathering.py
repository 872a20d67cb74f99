import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "gathered_game.py"


@pytest.mark.slow
def test_two_processes_under_torchrun_equal_one_with_the_whole_batch(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(SCRIPT), str(found)],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(found.read_text())
    differences = result["differences"]
    assert {name.split("/")[-1] for name in differences} == {
        "loss",
        "gradients",
        "state",
        "extractor",
        "regions",
        "weights",
    }
    assert {name: value for name, value in differences.items() if not value < 1e-6} == {}
    assert result["skipped"] == [0, 2, 1] * 2
    assert result["refused"].startswith(
        "all processes need batches of one size to gather them; they hold [2, 3]"
    )
