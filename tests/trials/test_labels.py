from pathlib import Path

import pytest
from score_texts import CSV, EXPECTED, KALDI, ROWS, UNLABELLED, VOXCELEB, WESPEAKER

from svfair.errors import InputError
from svfair.tables.bad_lines import Rejected
from svfair.trials.files import read_scores, read_scores_leniently


def test_a_repeated_trial_with_the_same_label_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_text(VOXCELEB + VOXCELEB.replace("0.9", "0.8"))
    assert read_scores(path).height == 6


@pytest.mark.parametrize(
    "content",
    [UNLABELLED, "enrol test score\n" + UNLABELLED, KALDI, WESPEAKER.replace("nontarget", "target"), CSV],
)
def test_labels_come_from_the_trial_list(tmp_path: Path, content: str) -> None:
    scores, trials = tmp_path / "scores", tmp_path / "trials"
    scores.write_text(content)
    # In another order, and with one trial twice.
    trials.write_text("".join(f"{int(t)} {a} {b}\n" for a, b, t, _ in [*ROWS[::-1], ROWS[0]]))
    assert read_scores(scores, trials=trials).equals(EXPECTED)
    assert read_scores_leniently(scores, trials=trials)[1] == Rejected()


@pytest.mark.parametrize(
    ("scores", "trials", "message"),
    [
        (UNLABELLED + "x y 1\n", VOXCELEB, "1 bad line: line 4: 'x' against 'y' is no trial of trials. Give"),
        (UNLABELLED, VOXCELEB + "1 x y 0\n", "has no score for 1 of the 4 trials in "),
        (UNLABELLED, VOXCELEB + "1 x y 0\n", "the first is 'x' against 'y'; score them"),
        (
            UNLABELLED,
            VOXCELEB + VOXCELEB.replace("0 id1", "1 id1"),
            "trials: 'id1/a/1.wav' against 'id2/b/2.wav'",
        ),
        (
            UNLABELLED + UNLABELLED.replace("0.9", "0.8"),
            VOXCELEB,
            "has different scores in line 1 and line 4; ",
        ),
        (UNLABELLED, VOXCELEB.replace("0 id1", "2 id1"), "trials: 1 bad line: line 2: label '2' is none of"),
        (UNLABELLED.replace("0.9", "x"), VOXCELEB, "line 1: score 'x' is not a finite number"),
        (VOXCELEB.replace(" 0.9", "").replace(" -1.5", "").replace(" 0.25", ""), VOXCELEB, "without scores"),
    ],
)
def test_scores_and_trials_that_do_not_fit_are_named(
    tmp_path: Path, scores: str, trials: str, message: str
) -> None:
    (tmp_path / "scores").write_text(scores)
    (tmp_path / "trials").write_text(trials)
    with pytest.raises(InputError) as caught:
        read_scores(tmp_path / "scores", trials=tmp_path / "trials")
    assert message in str(caught.value)


def test_what_does_not_join_is_counted_when_bad_lines_are_skipped(tmp_path: Path) -> None:
    scores, trials = tmp_path / "scores", tmp_path / "trials"
    scores.write_text(UNLABELLED + "x y 1\n")
    trials.write_text(KALDI + "x z target 0\n")
    table, rejected = read_scores_leniently(scores, trials=trials)
    assert table.equals(EXPECTED)
    assert rejected == Rejected(1, ("line 4: 'x' against 'y' is no trial of trials",), unscored=1)
