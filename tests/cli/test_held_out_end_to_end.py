"""From a corpus to an audit by commands alone: rightly, on held-out speakers; and the tempting wrong way."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

RECIPE = Path(__file__).parents[2] / "recipes" / "synthetic" / "pairwise.yaml"
KIND = "trials_of_trained_speakers"

Svfair = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def svfair(tmp_path: Path) -> Svfair:
    """Run a command as a process in the test's folder; it must end well."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "svfair", *map(str, words)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done

    return run


def notes_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [note for system in json.loads(done.stdout)["systems"] for note in system["notes"]]


@pytest.mark.slow
@pytest.mark.fault("trials of speakers that were trained on")
def test_held_out_speakers_all_the_way_and_the_whole_corpus_with_a_warning(
    svfair: Svfair, tmp_path: Path, tiny: dict[str, str]
) -> None:
    pytest.importorskip("espeakng_loader", reason="needs the extra `demo`")
    svfair("synth", "corpus", "--speakers", 16, "--sessions", 2, "--utterances", 2, "--workers", 1)
    fields = tiny | {"data.held_out_share": "0.5", "evaluation.match": "[]", "training.steps": "3"}
    settings = [word for field, value in fields.items() for word in ("--set", f"{field}={value}")]
    trained = svfair("train", RECIPE, "--data", "corpus", "--out", "run", *settings, "--json")
    assert notes_of(trained) == []

    few = ("--minimum-speakers", 1, "--minimum-targets", 1, "--replicates", 20, "--permutations", 0, "--json")
    audit = ("audit", "scores.parquet", "--speakers", "run/speakers.csv", "--higher-is-closer", *few)
    parts = dict(pl.read_csv(tmp_path / "run" / "speakers.csv").select("speaker_id", "part").iter_rows())

    # The right way.
    svfair("trials", "--run", "run", "trials.txt", "--match", "none")
    svfair("embed", "--run", "run", "embeddings.parquet")
    scored = svfair("score", "embeddings.parquet", "trials.txt", "scores.parquet")
    assert "Warning" not in scored.stderr
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    assert {parts[name] for side in ("enrol", "test") for name in scores[f"{side}_speaker"]} == {"held_out"}
    assert notes_of(svfair(*audit)) == []
    # They are the trials of the run's own evaluation, and so are the scores, but for the order of sums.
    own = pl.read_parquet(tmp_path / "run" / "scores.parquet")
    assert scores.drop("score").equals(own.drop("score"))
    assert scores["score"].to_list() == pytest.approx(own["score"].to_list(), abs=1e-4)

    # The wrong way: the corpus that it was trained on, whole.
    svfair("trials", "corpus", "trials.txt", "--match", "none")
    svfair("embed", "run", "corpus", "embeddings.parquet")
    scored = svfair("score", "embeddings.parquet", "trials.txt", "scores.parquet")
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    pairs = list(scores.select("enrol_speaker", "test_speaker").iter_rows())
    trained_on = [[name for name in pair if parts[name] == "training"] for pair in pairs]
    expected = sum(map(bool, trained_on))
    speaker = next(names[0] for names in trained_on if names)
    warning = (
        f"{expected:,} of {len(pairs):,} trials ({100 * expected / len(pairs):.3g} %) have a speaker that "
        f"the extractor was trained on, first '{speaker}'"
    )
    assert 0.5 < expected / scores.height < 1
    assert f"Warning: {warning}" in scored.stderr
    for command in (audit, ("evaluate", "scores.parquet", "--manifest", "corpus", *few)):
        (note,) = notes_of(svfair(*command))
        assert (note["kind"], note["count"], note["of"]) == (KIND, expected, scores.height)
        assert note["text"].startswith(warning)
