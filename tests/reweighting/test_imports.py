import subprocess
import sys

import pytest

HEAVY = [
    "torchaudio",
    "speechbrain",
    "soundfile",
    "soxr",
    "polars",
    "pydantic",
    "typer",
    "rich",
    "matplotlib",
]


@pytest.mark.slow
def test_losses_and_reweighting_need_torch_and_scikit_learn_alone() -> None:
    code = f"import sys\nfor name in {HEAVY}: sys.modules[name] = None\n"
    code += (
        "import torch\n"
        "from svfair.losses import PairLogistic\n"
        "from svfair.reweighting import METHODS, make_objective\n"
        "for method in METHODS:\n"
        "    make_objective(method, PairLogistic(), 8, group_counts=torch.tensor([1, 1]))\n"
        "ours = {name.split('.')[1] for name in sys.modules if name.startswith('svfair.')}\n"
        "assert ours == {'errors', 'losses', 'reweighting'}, ours\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
