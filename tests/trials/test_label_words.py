"""Words for the same and for different speakers."""

from pathlib import Path

import polars as pl
import pytest
from score_texts import CSV, EXPECTED, KALDI, VOXCELEB

from svfair.errors import InputError
from svfair.trials.files import read_scores, read_scores_leniently, read_trials

PAIRS = [
    *(("1", "0"), ("1.0", "0.0"), ("1", "-1"), ("true", "false"), ("T", "F"), ("yes", "no"), ("Y", "N")),
    *(("target", "nontarget"), ("same", "different"), ("positive", "negative"), ("genuine", "impostor")),
    *(("mated", "non-mated"), ("match", "mismatch"), ("True", "False")),
]


@pytest.mark.parametrize(("target", "other"), PAIRS)
def test_every_vocabulary_is_known_with_and_without_header(tmp_path: Path, target: str, other: str) -> None:
    path = tmp_path / "scores"
    table = CSV.replace(",1,", f",{target},").replace(",0,", f",{other},")
    rows = table.split("\n", 1)[1]
    for content in (table, rows.replace(",", " "), rows):
        path.write_text(content)
        assert read_scores(path).equals(EXPECTED)


@pytest.mark.parametrize("numbers", [[1, -1, 1], [1.0, -1.0, 1.0], [1.0, 0.0, 1.0], [True, False, True]])
def test_labels_of_parquet_may_be_numbers(tmp_path: Path, numbers: list[float]) -> None:
    path = tmp_path / "scores.parquet"
    EXPECTED.with_columns(is_target=pl.Series(numbers)).write_parquet(path)
    assert read_scores(path).equals(EXPECTED)


@pytest.mark.parametrize("word", ["eigen", " EIGEN "])
def test_a_word_of_its_own(tmp_path: Path, word: str) -> None:
    path = tmp_path / "scores"
    table = CSV.replace(",1,", ",Eigen,").replace(",0,", ",fremd,")
    kaldi = KALDI.replace("nontarget", "fremd").replace("target", "eigen")
    for content in (table, kaldi):
        path.write_text(content)
        assert read_scores(path, target_label=word).equals(EXPECTED)
        assert read_trials(path, target_label=word).equals(EXPECTED.drop("score"))
        # The list that labels are taken from has the same words.
        (tmp_path / "plain").write_text(VOXCELEB)
        assert read_scores(tmp_path / "plain", trials=path, target_label=word).equals(EXPECTED)
    EXPECTED.with_columns(is_target=pl.Series([2, 1, 2])).write_parquet(tmp_path / "scores.parquet")
    assert read_scores(tmp_path / "scores.parquet", target_label="2").equals(EXPECTED)


def with_labels(target: str, other: str) -> str:
    return CSV.replace(",1,", f",{target},").replace(",0,", f",{other},")


@pytest.mark.fault("labels in words of their own")
@pytest.mark.parametrize(
    ("content", "word", "message"),
    [
        (
            with_labels("eigen", "fremd"),
            None,
            "labels 'eigen' and 'fremd' are none of 0, 1, target, nont",
        ),
        (with_labels("1", "2"), None, "1 bad line: line 3: label '2' is none of 0, 1, target, nontarget"),
        (with_labels("3", "2"), None, "the labels '2' and '3' are none of"),
        (
            with_labels("1", "0") + "a,b,-1,0.5\n",
            None,
            "both 0 and -1 are labels, so one may mean",
        ),
        (with_labels("eigen", "fremd"), "ander", "the labels have to be 'ander' and one other "),
        (with_labels("eigen", "fremd") + "a,b,x,0.1\n", "eigen", "has 'eigen', 'fremd', 'x'"),
        (with_labels("eigen", "") + "a,b,x,0.1\n", "eigen", "has '', 'eigen', 'x'"),
        (
            KALDI.replace("nontarget", "fremd").replace("target", "eigen") * 2,
            None,
            "'eigen' and 'fremd' are no known labels; if they are labels, name the one for the same",
        ),
    ],
)
def test_labels_that_cannot_be_told_are_named(
    tmp_path: Path, content: str, word: str | None, message: str
) -> None:
    (tmp_path / "scores").write_text(content)
    for read in (read_scores, read_scores_leniently):
        if read is read_scores_leniently and "bad line" in message:
            continue
        with pytest.raises(InputError) as caught:
            read(tmp_path / "scores", target_label=word)
        assert message in str(caught.value)
        if "bad line" not in message and "-1" not in message:
            assert caught.value.parameter == "target_label"


@pytest.mark.fault("labels in words of their own")
def test_an_empty_label_is_a_bad_line_with_a_word_too(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(CSV.replace(",0,", ",,") + "a,b,1,2\n")
    with pytest.raises(InputError, match="1 bad line: line 3: label '' is none of"):
        read_scores(tmp_path / "scores", target_label="1")
