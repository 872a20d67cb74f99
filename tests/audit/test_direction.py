"""Scores that are distances: refused, or negated where the user says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from svfair.audit import AuditSettings, audit, audit_trials
from svfair.errors import InputError
from svfair.metrics import ThresholdRule
from svfair.reports import to_json
from svfair.reports.words import note_words, settings_words
from svfair.trials import ScoreFiles, read_scored_trials

QUICK = AuditSettings(resampling=None, minimum_speakers=2, minimum_targets=10)


@pytest.mark.fault("distances in place of scores")
def test_distances_are_refused_and_the_message_names_the_way_out(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    with pytest.raises(InputError) as caught:
        audit(-own.scores, *own.columns[1:], own.speakers, QUICK, system="mine")
    assert str(caught.value).startswith("mine: the EER over all trials is 8")
    assert "so scores seem to be distances, lower for the same speaker; give lower_is" in str(caught.value)
    assert caught.value.parameter == "lower_is_closer"


@pytest.mark.fault("distances in place of scores")
def test_negated_distances_give_the_figures_of_scores(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    scores = np.round(own.scores, 1)  # with ties
    plain = audit(scores, *own.columns[1:], own.speakers, QUICK)
    negated = audit(-scores, *own.columns[1:], own.speakers, QUICK, lower_is_closer=True)
    assert negated.overall.equals(plain.overall)
    assert negated.by_group("gender").equals(plain.by_group("gender"))
    assert negated.evaluation.pooled_threshold == plain.evaluation.pooled_threshold
    assert "scores negated, since lower means closer" in settings_words(negated.evaluation)
    assert "negated" not in settings_words(plain.evaluation)
    assert to_json([negated])["systems"][0]["settings"]["lower_is_closer"] is True
    assert to_json([plain])["systems"][0]["settings"]["lower_is_closer"] is False


@pytest.mark.fault("distances in place of scores")
def test_a_given_threshold_is_one_of_the_distances(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    settings = {"threshold": ThresholdRule("score", 0.75)}
    plain = audit(own.scores, *own.columns[1:], own.speakers, QUICK, **settings)
    settings = {"threshold": ThresholdRule("score", -0.75), "lower_is_closer": True}
    negated = audit(-own.scores, *own.columns[1:], own.speakers, QUICK, **settings)
    assert negated.by_group("gender").equals(plain.by_group("gender"))


@pytest.mark.fault("scores said to be distances")
def test_scores_are_not_taken_for_distances(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    with pytest.raises(InputError, match=r"when lower scores count as closer, .* leave out lower_is_closer"):
        audit(*own.columns, own.speakers, QUICK, lower_is_closer=True)


@pytest.mark.fault("distances in place of scores")
def test_who_insists_gets_them_as_they_are(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    found = audit(-own.scores, *own.columns[1:], own.speakers, QUICK, lower_is_closer=False)
    assert found.overall["eer"][0] > 0.8


@pytest.mark.parametrize("seed", range(20))
def test_scores_that_say_nothing_are_audited(seed: int, make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    found = audit(np.random.default_rng(seed).normal(size=2000), *own.columns[1:], own.speakers, QUICK)
    assert 0.4 < found.overall["eer"][0] < 0.6


@pytest.mark.fault("distances in place of scores")
def test_a_file_of_distances_is_named(tmp_path: Path, make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    path = tmp_path / "distances.csv"
    pl.DataFrame(
        {
            "enrol": [f"{speaker}/{row}" for row, speaker in enumerate(own.enrol)],
            "test": [f"{speaker}/t{row}" for row, speaker in enumerate(own.test)],
            "label": own.labels,
            "score": -own.scores,
        }
    ).write_csv(path)
    trials = read_scored_trials(path, ScoreFiles())
    speakers = pl.DataFrame({"speaker_id": list(own.genders), "gender": list(own.genders.values())})
    with pytest.raises(InputError, match=r"distances\.csv: the EER over all trials is 8\d\.\d %"):
        audit_trials(trials, speakers, QUICK, system="d")


@pytest.mark.fault("a pair that was scored twice")
def test_pairs_with_several_scores_are_told(tmp_path: Path, make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    lines = [
        f"{int(label)} {one}/{row} {other}/t{row} {score}\n"
        for row, (score, label, one, other) in enumerate(zip(*own.columns, strict=True))
    ]
    path = tmp_path / "scores"
    speakers = pl.DataFrame({"speaker_id": list(own.genders), "gender": list(own.genders.values())})
    changed = " ".join([*lines[7].split()[:3], "0.125\n"])
    for more, count in (([lines[7]], 0), ([lines[7], changed], 1)):
        path.write_text("".join(lines + more))
        found = audit_trials(read_scored_trials(path, ScoreFiles()), speakers, QUICK, system="s")
        notes = [note for note in found.notes if note.kind == "pairs_of_several_scores"]
        assert [note.count for note in notes] == [1] * count
    pair = "' against '".join(lines[7].split()[1:3])
    assert note_words(notes[0]) == (
        f"1 pairs of utterances have several scores that differ, the first is '{pair}'; "
        "each score counts as a trial."
    )
