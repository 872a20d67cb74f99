"""Names of utterances and speakers: Unicode, Windows' separators, columns of speakers, two of one name."""

import unicodedata
from pathlib import Path

import polars as pl
import pytest
from score_texts import EXPECTED, VOXCELEB

from svfair.errors import InputError
from svfair.trials import (
    ScoreFiles,
    check_same_list,
    hash_of_list,
    read_scored_trials,
    read_trials,
    speaker_of,
)
from svfair.trials.files import read_scores, read_trial_list

ROWS = "1 Zoé/a/é.wav Zoé/b/1.wav 0.9\n0 Zoé/a/é.wav José/b/2.wav -0.5\n"
COMPOSED, DECOMPOSED = (unicodedata.normalize(form, ROWS) for form in ("NFC", "NFD"))


@pytest.mark.fault("names composed here and decomposed there")
def test_scores_lists_and_speakers_meet_in_either_form(tmp_path: Path) -> None:
    one, other, trials = (tmp_path / name for name in ("one", "other", "list"))
    one.write_text(COMPOSED)
    other.write_text(DECOMPOSED)
    read = [read_scored_trials(path, ScoreFiles()) for path in (one, other)]
    assert read[0].scores.equals(read[1].scores)
    assert read[0].enrol == read[1].enrol == ["Zoé"] * 2
    assert read[0].list_hash == read[1].list_hash
    check_same_list(*read)
    trials.write_text("".join(line.rsplit(" ", 1)[0] + "\n" for line in DECOMPOSED.splitlines()))
    one.write_text("".join(line.split(" ", 1)[1] + "\n" for line in COMPOSED.splitlines()))
    assert read_scores(one, trials=trials).equals(read[0].scores)
    assert read_scores(one, trials=read_trial_list(trials)).equals(read[0].scores)


@pytest.mark.fault("names composed here and decomposed there")
def test_a_list_keeps_the_names_that_it_has(tmp_path: Path) -> None:
    """Scores are written for the names of the list, which are those of files."""
    (tmp_path / "list").write_text(DECOMPOSED)
    table = read_trials(tmp_path / "list")
    assert table["enrol"][0] == unicodedata.normalize("NFD", "Zoé/a/é.wav")
    composed = table.with_columns(pl.col("enrol", "test").str.normalize("NFC"))
    assert hash_of_list(table) == hash_of_list(composed)


@pytest.mark.fault("names composed here and decomposed there")
def test_utterances_of_a_manifest_are_found(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(DECOMPOSED)
    table = pl.DataFrame(
        {"utterance_id": ["Zoé/a/é.wav", "Zoé/b/1.wav", "José/b/2.wav"], "speaker_id": ["z", "z", "j"]}
    )
    for form in ("NFC", "NFD"):
        known = table.with_columns(pl.col("utterance_id").str.normalize(form))
        read = read_scored_trials(tmp_path / "scores", ScoreFiles(utterance_speakers=known))
        assert (read.enrol, read.test) == (["z", "z"], ["z", "j"])


@pytest.mark.fault("two names that become one")
def test_two_names_that_become_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(COMPOSED + DECOMPOSED)
    message = r"utterances 'Zo\xe9/a/\xe9.wav' and 'Zoe\u0301/a/e\u0301.wav' are one name in two forms of"
    for read in (read_scores, read_trial_list):
        with pytest.raises(InputError) as caught:
            read(tmp_path / "scores")
        assert message in str(caught.value)


@pytest.mark.fault("an utterance of two speakers")
def test_an_utterance_of_two_speakers_is_named(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(VOXCELEB)
    utterances = pl.concat([EXPECTED["enrol"], EXPECTED["test"]]).unique(maintain_order=True).to_list()
    table = pl.DataFrame(
        {
            "utterance_id": [*utterances, utterances[0]],
            "speaker_id": [*(name[:3] for name in utterances), "x"],
        }
    )
    with pytest.raises(
        InputError, match=r"utterance 'id1/a/1\.wav' has two speakers, 'id1' and 'x'; keep one"
    ):
        read_scored_trials(tmp_path / "scores", ScoreFiles(utterance_speakers=table))
    # A row that stands there twice says nothing new.
    same = pl.concat([table.head(-1), table.head(1)])
    assert len(read_scored_trials(tmp_path / "scores", ScoreFiles(utterance_speakers=same))) == 3


@pytest.mark.fault("paths written by Windows")
def test_speakers_are_found_with_windows_separators(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(VOXCELEB.replace("/", "\\"))
    read = read_scored_trials(tmp_path / "scores", ScoreFiles())
    assert (read.enrol, read.test) == (["id1", "id1", "id2"], ["id1", "id2", "id2"])
    names = pl.Series(["a\\b/c", "a\\b", "a/b\\c", "a", "\\a"])
    assert speaker_of(names).to_list() == ["a\\b", "a", "a", "a", ""]


def test_columns_of_speakers_replace_the_pattern(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("who,with,e,t,label,score\nA,A,1,2,1,0.5\nA,B,1,3,0,0.1\n")
    columns = {"enrol": "e", "test": "t", "enrol_speaker": "WHO", "test_speaker": "with"}
    read = read_scored_trials(path, ScoreFiles(columns=columns))
    assert (read.enrol, read.test) == (["A", "A"], ["A", "B"])
    assert read.scores.columns == ["enrol", "test", "is_target", "score"]
    one = read_scored_trials(path, ScoreFiles(columns=columns | {"test_speaker": ""}))
    assert (one.enrol, one.test) == (["A", "A"], ["2", "3"])


@pytest.mark.fault("an utterance without a speaker")
def test_a_missing_speaker_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("who,with,enrol,test,label,score\nA,A,1,2,1,0.5\nA,,1,3,0,0.1\n")
    columns = {"enrol_speaker": "who", "test_speaker": "with"}
    with pytest.raises(InputError, match="1 bad line: line 3: a speaker is missing"):
        read_scored_trials(path, ScoreFiles(columns=columns))
    with pytest.raises(
        InputError, match="no column for the speaker of the test utterance; found who"
    ) as caught:
        read_scored_trials(path, ScoreFiles(columns=columns | {"test_speaker": "x"}))
    assert caught.value.parameter == "test_speaker_column"
