"""Embeddings and trials that no scores can be made of, or only wrong ones."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.errors import InputError
from svfair.scoring import cosine_scores, read_embeddings, write_embeddings, write_scores

UNUSABLE = "an embedding that cannot be compared"
SHAPE = "embeddings of another shape or type"
TWICE = "an utterance with two embeddings"

TRIALS = pl.DataFrame({"enrol": ["a", "a"], "test": ["b", "c"], "is_target": [True, False]})


def table(vectors: Any, names: Any = ("a", "b", "c"), kind: Any = None) -> pl.DataFrame:
    kind = kind or pl.List(pl.Float32)
    return pl.DataFrame({"utterance_id": list(names), "embedding": pl.Series(vectors, dtype=kind)})


def refused(embeddings: Any, tmp_path: Path) -> str:
    """Return the message of the function, which is that of reading the file, and of the command."""
    with pytest.raises(InputError) as error:
        cosine_scores(embeddings, TRIALS)
    with pytest.raises(InputError):
        write_embeddings(embeddings, tmp_path / "written.parquet")
    assert not (tmp_path / "written.parquet").exists()
    path, trials, out = (tmp_path / name for name in ("e.parquet", "t.txt", "s.csv"))
    embeddings.write_parquet(path)
    trials.write_text("1 a b\n0 a c\n")
    with pytest.raises(InputError) as of_reading:
        read_embeddings(path)
    message = str(error.value)
    assert str(of_reading.value) == f"{path}{message.removeprefix('embeddings')}"
    result = CliRunner().invoke(app, ["score", str(path), str(trials), str(out)])
    assert (result.exit_code, result.stderr) == (2, f"svfair: {of_reading.value}\n")
    assert not out.exists()
    return message


@pytest.mark.fault(TWICE)
@pytest.mark.parametrize("of_other_utterances", [0, 1, 5, 200])
def test_an_utterance_with_two_embeddings_is_named_with_both_rows(
    of_other_utterances: int, tmp_path: Path
) -> None:
    # With some lengths of list, what a doubled row shifts fits, and scores are of other utterances.
    others = [f"o{number}" for number in range(of_other_utterances)]
    names = ["a", "b", *others, "c", "b", *others]
    vectors = np.random.default_rng(0).normal(size=(len(names), 3))
    more = f" ({of_other_utterances} more like it)" if of_other_utterances else ""
    assert refused(table(vectors.tolist(), names), tmp_path) == (
        f"embeddings: utterance_id 'b' stands in row 2 and in row {4 + of_other_utterances}{more}; "
        "keep one embedding of each"
    )


@pytest.mark.fault(UNUSABLE)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
@pytest.mark.parametrize("kind", [pl.List(pl.Float32), pl.Array(pl.Float64, 2)])
def test_numbers_that_are_not_finite_are_named(value: float | None, kind: Any, tmp_path: Path) -> None:
    assert refused(table([[1.0, 2.0], [1.0, value], [0.0, value]], kind=kind), tmp_path) == (
        "embeddings: the embedding of 'b' holds values that are missing, NaN or infinite (1 more like it); "
        "mend it, or take the utterance and its trials out"
    )


@pytest.mark.fault(UNUSABLE)
def test_zeros_have_no_cosine(tmp_path: Path) -> None:
    assert "the embedding of 'c' is all zeros" in refused(table([[1.0], [1.0], [0.0]]), tmp_path)


@pytest.mark.fault(UNUSABLE)
def test_a_missing_embedding_is_named(tmp_path: Path) -> None:
    assert "the embedding of 'b' is missing;" in refused(table([[1.0], None, [0.0]]), tmp_path)


@pytest.mark.fault(SHAPE)
@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (table([[1.0], [1.0, 2.0], [1.0]]), r"differ in size \(there are \[1, 2\]\), .* is of 'b'"),
        (table([[], [], []]), "embeddings have size 0"),
        (table([], []), "holds no embeddings"),
        (table([1.0, 2.0, 3.0], kind=pl.Float64), "column 'embedding' holds Float64; it must be arrays of"),
        (table([["1"], ["2"], ["3"]], kind=pl.List(pl.String)), r"column 'embedding' holds List\(String\)"),
        (table([[True], [True], [False]], kind=pl.List(pl.Boolean)), r"holds List\(Boolean\)"),
        (table([[[1.0]]] * 3, kind=pl.List(pl.List(pl.Float32))), r"holds List\(List\(Float32\)\)"),
        (table([[[1.0]]] * 3, kind=pl.Array(pl.Float32, (1, 1))), r"holds Array"),
        (table([[1.0]] * 3).rename({"embedding": "emb"}), "no column 'embedding'; it has utterance_id, emb"),
        (table([[1.0]] * 3).rename({"utterance_id": "id"}), "no column 'utterance_id'; it has id, embedding"),
        (table([[1.0]] * 3, ["a", None, "c"]), "column 'utterance_id' lacks a value in row 2"),
        (table([[1.0]] * 3, [1.5, 2.5, 3.5]), "column 'utterance_id' holds Float64; it must be text"),
    ],
)
def test_says_what_is_wrong_with_embeddings(embeddings: pl.DataFrame, message: str, tmp_path: Path) -> None:
    assert re.search(message, refused(embeddings, tmp_path))


@pytest.mark.parametrize(
    "kind",
    [
        *(pl.List(pl.Float32), pl.List(pl.Float64), pl.List(pl.Int8), pl.List(pl.Decimal(10, 2))),
        *(pl.Array(pl.Float32, 2), pl.Array(pl.Float64, 2), pl.Array(pl.Int64, 2)),
    ],
)
def test_any_kind_of_number_is_scored(kind: Any, tmp_path: Path) -> None:
    embeddings = table([[3, 4], [4, 3], [-3, -4]], kind=kind)
    assert cosine_scores(embeddings, TRIALS)["score"].to_list() == pytest.approx([0.96, -1.0])
    write_embeddings(embeddings, tmp_path / "e.parquet")
    assert cosine_scores(read_embeddings(tmp_path / "e.parquet"), TRIALS)["score"].to_list() == pytest.approx(
        [0.96, -1.0]
    )


@pytest.mark.parametrize("factor", [1e-300, 1e-40, 1e-30, 1e30, 1e300])
def test_the_length_of_an_embedding_does_not_count(factor: float) -> None:
    vectors = np.array([[3.0, 4.0], [4.0, 3.0], [-3.0, -4.0]]) * factor
    scores = cosine_scores(table(vectors.tolist(), kind=pl.List(pl.Float64)), TRIALS)
    assert scores["score"].to_list() == pytest.approx([0.96, -1.0])


def test_utterances_that_are_whole_numbers_are_those_of_the_list() -> None:
    trials = pl.DataFrame({"enrol": ["1"], "test": [2], "is_target": [True]}, strict=False)
    assert cosine_scores(table([[1.0], [1.0]], [1, 2]), trials)["score"].to_list() == [1.0]


@pytest.mark.fault("trials without an embedding")
def test_utterances_without_embedding_are_counted_over_both_sides() -> None:
    trials = pl.DataFrame({"enrol": ["a", "x", "x", "y"], "test": ["b", "a", "b", "z"]})
    with pytest.raises(InputError) as error:
        cosine_scores(table([[1.0]] * 3), trials)
    assert str(error.value) == (
        "trials: 3 of 4 name 3 utterances that have no embedding, the first is 'x'; "
        "embed them, or take their trials out"
    )


@pytest.mark.fault("a data frame of another shape")
@pytest.mark.parametrize(
    ("trials", "message"),
    [
        (pl.DataFrame({"enrol": ["a"]}), "trials: no column 'test'; it has enrol"),
        (pl.DataFrame({"enrol": ["a"], "test": [None]}), "trials: column 'test' holds Null; it must be text"),
        (
            pl.DataFrame({"enrol": ["a", "a"], "test": ["b", None]}),
            "trials: column 'test' lacks a value in row 2",
        ),
        ([("a", "b")], "trials: must be a polars data frame, not list"),
    ],
)
def test_says_what_is_wrong_with_trials(trials: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        cosine_scores(table([[1.0]] * 3), trials)
    assert str(error.value) == message


@pytest.mark.fault("scores that are not finite")
@pytest.mark.parametrize("score", [np.nan, np.inf, None])
@pytest.mark.parametrize("name", ["s.csv", "s.parquet", "s.txt"])
def test_scores_that_are_not_finite_are_not_written(score: float | None, name: str, tmp_path: Path) -> None:
    scores = TRIALS.with_columns(score=pl.Series([1.0, score]))
    with pytest.raises(InputError, match=r"^scores: the score of 'a' against 'c' is not a finite number"):
        write_scores(scores, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("a file that holds no embeddings")
def test_other_files_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    np.savez(path, utterance_id=np.array(["a", {}], dtype=object), embedding=np.ones((2, 3)))
    with pytest.raises(InputError, match=r"e\.npz: is no Parquet file; embeddings are read from Parquet"):
        read_embeddings(path)
    with pytest.raises(InputError, match="is a folder; name the Parquet file"):
        read_embeddings(tmp_path)
    torn = tmp_path / "torn.parquet"
    table([[1.0]] * 3).write_parquet(torn)
    torn.write_bytes(torn.read_bytes()[:-20])
    for content in (torn.read_bytes(), b""):
        torn.write_bytes(content)
        with pytest.raises(InputError, match=r"torn\.parquet: cannot be read as Parquet"):
            read_embeddings(torn)


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_scores_are_those_of_a_loop(utterances: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(utterances, size)).astype(np.float32)
    enrol, test = random.integers(utterances, size=(2, 20))
    trials = pl.DataFrame({"enrol": enrol, "test": test})
    found = cosine_scores(table(vectors.tolist(), range(utterances)), trials)["score"]
    expected = [
        float(vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b]))
        for a, b in zip(enrol, test, strict=True)
    ]
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-5)
