"""Every corpus in the registry is a command, made of what its class says."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import svfair.corpora
from svfair.cli.main import app
from svfair.corpora import CORPORA, Corpus, Options, load_corpus

ROOT = Path(svfair.corpora.__file__).parent

#: What a command has beside the fields of its corpus and of `Options`.
OWN = {"source", "out", "as_json"}


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["prepare", *arguments])
    assert result.exit_code == 2, result.output
    return result.stderr


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_says_what_its_command_needs(name: str) -> None:
    kind = load_corpus(name)
    assert issubclass(kind, Corpus)
    assert kind.name == name
    command = typer.main.get_command(app).commands["prepare"].get_command(None, name)  # type: ignore[attr-defined]
    of_corpus = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    of_all = {field.name for field in fields(Options)}
    assert not of_corpus & of_all
    assert {one.name for one in command.params} == of_corpus | of_all | OWN
    defaults = {one.name: one.default for one in command.params}
    for field in (*fields(kind), *fields(Options)):  # type: ignore[arg-type]
        expected = list(field.default) if isinstance(field.default, tuple) else field.default
        assert defaults[field.name] == expected
    result = CliRunner().invoke(app, ["prepare", name, "--help"], env={"COLUMNS": "200"})
    assert f"Prepare {kind.title}: {kind.layout.removesuffix('.')}." in result.output
    assert f"Example: svfair prepare {name} {kind.example.split()[0]} " in result.output
    assert "`" not in result.output


def test_every_class_of_a_corpus_is_registered() -> None:
    registered = {load_corpus(name) for name in CORPORA}
    files = {path.stem for path in ROOT.glob("*.py")} - {"__init__", "corpus", "metadata", "registry"}
    assert {kind.__module__.rpartition(".")[2] for kind in registered} == files
    with pytest.raises(KeyError):
        load_corpus("nothing")


def test_texts_name_options_as_the_fields_are_named() -> None:
    shown = CliRunner().invoke(app, ["prepare", "speech-accent-archive", "-h"], env={"COLUMNS": "200"}).output
    assert "With --cut there are trials" in shown
    assert "With --cut: of channels and codecs." in shown
    assert "svfair prepare speech-accent-archive SOURCE archive --cut" in shown
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"(^|\s)--[a-z]", node.value), f"{path.name}: {node.value}"


def test_errors_name_options(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "id10001" / "video").mkdir(parents=True)
    (source / "id10001" / "video" / "00001.wav").touch()
    (source / "validated.tsv").write_text("client_id\tpath\n")

    def told(corpus: str, *options: str) -> str:
        return refused(corpus, str(source), str(tmp_path / "out"), *options)

    assert "name either --table, which" in told("table")
    assert "--pattern (a): has no group" in told("table", "--pattern", "(a)")
    pattern = ("--pattern", r"(?<speaker_id>id\d+)")
    assert "--speakers gone.csv: no such file" in told("table", *pattern, "--speakers", "gone.csv")
    assert "(1 empty), more than --max-rejected 0.2 allows" in told("table", *pattern)
    assert "--metadata gone.csv: no such file" in told("voxceleb1", "--metadata", "gone.csv")
    assert "or name it with --metadata" in told("voxceleb1")
    gone = told("common-voice", "--split", "validated", "--split", "gone")
    assert "gone.tsv: no such file; name the splits that there are with --split" in gone
    assert "Did you mean 'voxceleb2', 'voxceleb1'?" in re.sub(r"[\s│]+", " ", refused("voxceleb3"))


def test_other_commands_load_no_corpus() -> None:
    code = """
import sys
from typer.testing import CliRunner
from svfair.cli.main import app
assert "prepare" in CliRunner().invoke(app, ["--help"]).output
loaded = {"polars", "numpy", "soundfile", "svfair.corpora"} & set(sys.modules)
assert not loaded, loaded
assert "voxceleb1" in CliRunner().invoke(app, ["prepare", "--help"]).output
heavy = {"torch", "torchaudio", "speechbrain", "sklearn", "espeakng_loader", "scipy.signal", "scipy.stats"}
loaded = heavy & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)
