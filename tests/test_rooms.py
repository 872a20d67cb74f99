import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_arrows_between_rooms_point_one_way() -> None:
    command = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "5 kept, 0 broken" in done.stdout


def test_files_are_short() -> None:
    long = [path for path in (ROOT / "svfair").rglob("*.py") if len(path.read_text().splitlines()) > 300]
    assert long == []


def spelled_options(code: str) -> Iterator[tuple[int, str]]:
    """Give line and text of every string that spells an option of the command line.

    Docstrings do not count, and neither does the example that a corpus has for the help of its command.
    """
    tree = ast.parse(code)
    aside: set[int] = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text or (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "example"):
            aside |= {id(one) for one in ast.walk(node)}
        text = node.value if isinstance(node, ast.Constant) and id(node) not in aside else None
        if isinstance(text, str) and re.search(r"(?<![\w-])--[a-z]", text):
            yield node.lineno, text


def test_options_are_found_wherever_a_string_spells_them() -> None:
    code = (
        'def f(x):\n    """Give --a."""\n    example: str = "SOURCE --b"\n    y = f"{x}: --c"\n'
        '    print("with --d")\n    return g("a--d, e ---- f --1", "name it with --ef")\n'
    )
    assert list(spelled_options(code)) == [(4, ": --c"), (5, "with --d"), (6, "name it with --ef")]


def test_only_the_command_line_knows_its_options() -> None:
    # What Python callers read names parameters; `svfair.cli.commands` turns these into options.
    rooms = [path for path in (ROOT / "svfair").rglob("*.py") if "cli" not in path.relative_to(ROOT).parts]
    found = [f"{path}:{line}: {text}" for path in rooms for line, text in spelled_options(path.read_text())]
    assert not found
