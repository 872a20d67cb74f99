import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.manifests import TrainedSpeakers
from svfair.scoring import write_embeddings
from svfair.trials import hash_of_list, read_scores, read_trials


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["score", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


def test_scores_tell_which_list_they_are_of(tmp_path: Path) -> None:
    embeddings, trials = tmp_path / "e.parquet", tmp_path / "t.txt"
    pl.DataFrame(
        {"utterance_id": ["a/1", "a/2", "b/1"], "embedding": [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]}
    ).write_parquet(embeddings)
    trials.write_text("1 a/1 a/2\n0 a/1 b/1\n")
    expected = hash_of_list(read_trials(trials))
    out = tmp_path / "s.parquet"
    assert f"SHA-256 of the list: {expected}" in run(embeddings, trials, out).stderr
    assert pl.read_parquet_metadata(out)["svfair.list_sha256"] == expected
    assert hash_of_list(read_scores(out)) == expected
    written = json.loads(run(embeddings, trials, tmp_path / "s.csv", "--json").stdout)
    assert written == {"scores": str(tmp_path / "s.csv"), "trials": 2, "list_sha256": expected}


@pytest.fixture
def leaking(tmp_path: Path) -> tuple[Path, Path]:
    """Embeddings of an extractor that was trained on one of three speakers, and four trials."""
    table = pl.DataFrame(
        {
            "utterance_id": ["u1", "u2", "u3", "u4", "u5"],
            "speaker_id": ["a", "a", "b", "b", "c"],
            "embedding": [[1.0, 0.1 * number] for number in range(5)],
        },
        schema_overrides={"embedding": pl.Array(pl.Float32, 2)},
    )
    write_embeddings(table, tmp_path / "e.parquet", trained_speakers=TrainedSpeakers.of(["a", "z"]))
    (tmp_path / "t.txt").write_text("1 u3 u4\n1 u1 u2\n0 u3 u1\n0 u3 u5\n")
    return tmp_path / "e.parquet", tmp_path / "t.txt"


WARNING = "2 of 4 trials (50 %) have a speaker that the extractor was trained on, first 'a'"


@pytest.mark.fault("trials of speakers that were trained on")
def test_trials_of_trained_speakers_are_counted_and_warned_of(
    leaking: tuple[Path, Path], tmp_path: Path
) -> None:
    embeddings, trials = leaking
    out = tmp_path / "s.parquet"
    assert f"Warning: {WARNING}; errors on other speakers are higher." in run(embeddings, trials, out).stderr
    assert json.loads(run(embeddings, trials, out, "--json").stdout)["trials_of_trained_speakers"] == 2
    assert pl.read_parquet(out)["enrol_speaker"].to_list() == ["b", "a", "b", "b"]
    trials.write_text("1 u3 u4\n0 u3 u5\n")
    assert "Warning" not in run(embeddings, trials, out).stderr
    assert json.loads(run(embeddings, trials, out, "--json").stdout)["trials_of_trained_speakers"] == 0


@pytest.mark.fault("speakers of utterances that nobody told")
def test_where_speakers_are_not_known_that_is_said(leaking: tuple[Path, Path], tmp_path: Path) -> None:
    embeddings, trials = leaking
    trained = TrainedSpeakers.of(["a"])
    out = tmp_path / "s.parquet"
    write_embeddings(pl.read_parquet(embeddings).drop("speaker_id"), embeddings, trained_speakers=trained)
    assert (
        f"{embeddings}: does not tell the speakers of all these utterances (column speaker_id), so nobody "
        "knows whether the extractor was trained on them."
    ) in run(embeddings, trials, out).stderr
    assert json.loads(run(embeddings, trials, out, "--json").stdout)["trials_of_trained_speakers"] is None


@pytest.mark.fault("trials of speakers that were trained on")
def test_evaluate_compare_and_audit_warn_in_terminal_page_and_json(
    leaking: tuple[Path, Path], tmp_path: Path
) -> None:
    embeddings, trials = leaking
    scores = tmp_path / "s.parquet"
    run(embeddings, trials, scores)
    (tmp_path / "manifest.csv").write_text(
        "utterance_id,path,speaker_id,session_id,duration_s,gender\n"
        + "".join(f"u{n},u{n}.wav,{s},{n},1,{'mf'[s == 'b']}\n" for n, s in enumerate("aabbc", 1))
    )
    (tmp_path / "speakers.csv").write_text("speaker_id,gender\na,m\nb,f\nc,m\n")
    by_manifest = ("--manifest", tmp_path / "manifest.csv")
    for command in (
        ("audit", scores, "--speakers", tmp_path / "speakers.csv"),
        ("evaluate", scores, *by_manifest),
        ("compare", scores, scores, *by_manifest, "--name", "s", "--name", "t"),
    ):
        words = [str(word) for word in (*command, "--replicates", 0, "--html", tmp_path / "r.html")]
        told = CliRunner().invoke(app, words)
        assert told.exit_code == 0, told.output
        assert f"s: {WARNING}" in told.stderr
        assert "2 of 4 trials (50 %)" in (tmp_path / "r.html").read_text()
        content = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
        (note,) = content["systems"][0]["notes"]
        assert note["text"].startswith(WARNING)
        del note["text"]
        assert note == {
            "kind": "trials_of_trained_speakers",
            "count": 2,
            "of": 4,
            "attribute": None,
            "examples": ["a"],
        }


def test_our_own_scores_are_audited_without_a_word_on_speakers(
    leaking: tuple[Path, Path], tmp_path: Path
) -> None:
    """The utterances are called u1 to u5: their names tell nothing."""
    embeddings, trials = leaking
    (tmp_path / "speakers.csv").write_text("speaker_id,gender\na,m\nb,f\nc,m\n")
    words = ("audit", "{out}", "--speakers", tmp_path / "speakers.csv", "--replicates", 0, "--json")
    for name in ("s.parquet", "s.csv"):
        run(embeddings, trials, tmp_path / name)
        told = CliRunner().invoke(app, [str(word).format(out=tmp_path / name) for word in words])
        assert told.exit_code == 0, told.output
        groups = json.loads(told.stdout)["systems"][0]["attributes"]["gender"]["groups"]
        assert {group["name"]: group["speakers"] for group in groups} == {"female": 1, "male": 1}
    run(embeddings, trials, tmp_path / "s.txt")
    told = CliRunner().invoke(app, [str(word).format(out=tmp_path / "s.txt") for word in words])
    assert told.exit_code == 2
    assert told.stderr == (
        f"svfair: {tmp_path / 's.txt'}: 2 of 2 target trials are between two speakers, the first between "
        "'u3' and 'u4'; speakers were taken from the first folder of utterances; if that is not how they are "
        "named, give --speaker-pattern, or --enrol-speaker-column and --test-speaker-column, or the manifest "
        "of the utterances to `svfair evaluate`\n"
    )
