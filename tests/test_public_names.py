"""What a user may import stands in the rooms' faces, and the documents import nothing else."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import svfair

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])

#: Rooms that an audit is made of: they need no torch and no audio.
LIGHT = ("tables", "manifests", "trials", "metrics", "audit", "reports")


def imports(code: str) -> list[tuple[str, str]]:
    """Return room and name of everything of svfair that a piece of code imports."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "svfair":
            found += [(node.module, alias.name) for alias in node.names]
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names if alias.name.startswith("svfair.")]
    return found


def blocks(document: Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    python = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    sessions = re.findall(r"```pycon\n(.*?)```", text, re.DOTALL)
    return python + [
        "\n".join(line[4:] for line in one.splitlines() if line[:4] in (">>> ", "... ")) for one in sessions
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_import_only_what_is_exported(document: Path) -> None:
    for module, name in (pair for code in blocks(document) for pair in imports(code)):
        if module.split(".")[1] not in LIGHT:
            pytest.importorskip("torch", reason="needs the extra `train`")
        assert module.count(".") <= 1, f"{document.name}: {module} lies inside a room"
        if name:
            assert name in import_module(module).__all__, f"{document.name}: {module} exports no {name}"


def test_documents_have_code_to_check() -> None:
    assert sum(len(imports(code)) for document in DOCUMENTS for code in blocks(document)) > 10


@pytest.mark.parametrize("room", svfair.__all__)
def test_every_room_has_a_face_whose_names_are_there(room: str) -> None:
    if room not in LIGHT:
        pytest.importorskip("torch", reason="needs the extra `train`")
    face = import_module(f"svfair.{room}")
    assert sorted(face.__all__) == sorted(set(face.__all__))
    assert len(face.__all__) >= 3
    for name in face.__all__:
        assert getattr(face, name) is not None
    assert face.__doc__


def test_the_package_shows_its_rooms_and_imports_them_when_they_are_named() -> None:
    assert set(svfair.__all__) < set(dir(svfair))
    assert {path.parent.name for path in (ROOT / "svfair").glob("*/__init__.py")} - set(svfair.__all__) == {
        "cli",
        "data",
    }
    script = (
        "import sys, svfair; before = set(sys.modules); svfair.metrics.gap;"
        "print([name for name in ('polars', 'torch', 'sklearn', 'pydantic', 'scipy.stats') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match=r"svfair has no 'nothing'; it has audio"):
        svfair.nothing  # noqa: B018


def test_light_rooms_load_no_torch_no_audio_and_no_statistics_package() -> None:
    script = (
        f"import sys; from importlib import import_module; [import_module('svfair.' + n) for n in {LIGHT}];"
        "print([name for name in ('torch', 'torchaudio', 'speechbrain', 'sklearn', 'soundfile', 'soxr', 'av',"
        " 'pydantic', 'yaml', 'scipy.stats') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_old_places_lead_to_the_new_ones() -> None:
    from svfair import audit, metrics

    assert metrics.audit is audit.audit
    with pytest.raises(AttributeError, match=r"svfair\.metrics has no 'nothing'"):
        metrics.nothing  # noqa: B018
