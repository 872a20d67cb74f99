"""svfair without its optional parts: an audit works, and what does not says which part it needs."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

WITHOUT = """
import sys

class Missing:
    names = {"torch", "torchaudio", "speechbrain", "sklearn", "threadpoolctl", "soundfile", "soxr"}
    names |= {"yaml", "safetensors", "tqdm", "espeakng_loader"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

sys.meta_path.insert(0, Missing())
sys.argv = ["svfair", *sys.argv[1:]]
from svfair.cli.main import app
app()
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    lines = [
        f"{int(a == b)} s{a}/{n}.wav s{b}/{n + 1}.wav {2.0 * (a == b) + 0.1 * n}\n"
        for n in range(6)
        for a in range(4)
        for b in range(4)
    ]
    (tmp_path / "scores.txt").write_text("".join(lines))
    (tmp_path / "meta.csv").write_text("speaker_id,gender\ns0,m\ns1,f\ns2,m\ns3,f\n")
    rows = [f"s{a}/{n}.wav,s{a}/{n}.wav,s{a},{n},1.0,{'mf'[a % 2]}\n" for a in range(4) for n in range(7)]
    (tmp_path / "manifest.csv").write_text(
        "utterance_id,path,speaker_id,session_id,duration_s,gender\n" + "".join(rows)
    )
    return tmp_path / "scores.txt"


@pytest.mark.slow
def test_audit_compare_and_evaluate_need_no_part(scores: Path) -> None:
    meta, manifest = scores.with_name("meta.csv"), scores.with_name("manifest.csv")
    for command in (
        ("audit", scores, "--speakers", meta, "--html", scores.with_name("r.html")),
        ("compare", scores, scores, "--manifest", manifest, "--name", "a", "--name", "b"),
        ("evaluate", scores, "--manifest", manifest),
    ):
        done = run(*command, "--replicates", 20, "--permutations", 20, "--minimum-targets", 5)
        assert done.returncode == 0, done.stderr
        assert "overall" in done.stdout


def test_scoring_embeddings_needs_no_part(tmp_path: Path) -> None:
    embeddings, trials, out = (tmp_path / name for name in ("e.parquet", "t.txt", "s.parquet"))
    pl.DataFrame({"utterance_id": ["a", "b"], "embedding": [[1.0, 0.0], [3.0, 4.0]]}).write_parquet(
        embeddings
    )
    trials.write_text("1 a a\n0 a b\n")
    done = run("score", embeddings, trials, out)
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(out)["score"].to_list() == pytest.approx([1.0, 0.6])


@pytest.mark.slow
def test_commands_of_a_missing_part_name_it(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\n")
    for command, part in (
        (("train", recipe), "train"),
        (("demo", tmp_path / "demo"), "demo"),
        (("prepare", "vctk", tmp_path, tmp_path / "out"), "data"),
    ):
        done = run(*command)
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert f"svfair: {command[0]} needs '" in line
        assert line.endswith(f"pip install 'svfair[{part}]'")


@pytest.mark.slow
def test_the_help_of_corpora_needs_no_part() -> None:
    for command in (("prepare",), ("prepare", "speech-accent-archive")):
        done = run(*command, "--help")
        assert done.returncode == 0, done.stderr
        assert "Speech Accent Archive" in " ".join(done.stdout.split())
