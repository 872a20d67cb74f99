import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner, Result

from svfair.cli.main import app
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
