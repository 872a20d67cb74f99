import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_arrows_between_rooms_point_one_way() -> None:
    command = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "4 kept, 0 broken" in done.stdout


def test_files_are_short() -> None:
    long = [path for path in (ROOT / "svfair").rglob("*.py") if len(path.read_text().splitlines()) > 300]
    assert long == []
