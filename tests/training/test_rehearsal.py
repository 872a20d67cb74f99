"""What the evaluation would fail of is told before training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.training import Recipe, check_evaluation, complete_run
from svfair.training.rehearsal import trials_of

Make = Callable[..., Recipe]


def one_session(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(session_id="speaker_id")


def one_gender_each(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("speaker_id").is_in(["s0", "s1"]))


def one_speaker(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("speaker_id") == "s0")


@pytest.mark.fault("evaluation that would fail after training")
@pytest.mark.parametrize(
    ("change", "fields", "message"),
    [
        (
            one_session,
            {},
            "trials: no speaker has two sessions, so there is no target trial to make; for a corpus that "
            "does not tell sessions, evaluation.within_session allows targets of one session",
        ),
        (
            lambda table: table.unique("speaker_id"),
            {"evaluation.within_session": True},
            "trials: no speaker has two utterances, so there is no target trial to make",
        ),
        (
            one_gender_each,
            {},
            "trials: no two speakers share gender, so there is no non-target trial to make; name fewer "
            "attributes in evaluation.match",
        ),
        (
            one_speaker,
            {"evaluation.match": []},
            "trials: there is one speaker alone, so there is no non-target trial to make",
        ),
        (
            lambda table: table.drop("country"),
            {"evaluation.by": ["country"]},
            "evaluation.by country: no such attribute 'country'; the speakers have gender",
        ),
        (
            lambda table: table.with_columns(age=pl.lit("old")),
            {"evaluation.by": ["age:30"]},
            "evaluation.by age:30: 'age' holds no numbers, so it cannot be put in bins",
        ),
        (
            lambda table: table.drop("gender"),
            {"evaluation.by": ["country"]},
            "evaluation.match: no attribute 'gender'; the manifest has speaker_id, country, country_region",
        ),
    ],
)
def test_what_would_fail_is_told_before_anything_is_written(
    make: Make,
    tones: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    fields: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setattr("svfair.training.complete.fit", lambda *_, **__: pytest.fail("was trained"))
    held_out = tmp_path / "held-out.csv"
    change(pl.read_csv(tones)).with_columns(
        pl.concat_str(pl.lit("other-"), "speaker_id").alias("speaker_id")
    ).write_csv(held_out)
    recipe = make(
        {"data.manifest": tones, "data.held_out_manifest": held_out, "data.held_out_audio_root": tones.parent}
        | {"evaluation.by": ["gender"]}
        | fields
    )
    with pytest.raises(InputError) as caught:
        complete_run(recipe, tmp_path / "run", resume=False)
    assert str(caught.value) == message
    assert not (tmp_path / "run").exists()


def test_within_session_is_as_the_commands(make: Make, listed: Path) -> None:
    one_session(pl.read_csv(listed)).write_csv(listed)
    held_out = read_manifest(listed)
    trials = trials_of(make({"evaluation.within_session": True}), held_out)
    assert trials.filter("is_target").height == 8 * 6
    with pytest.raises(InputError, match="no speaker has two sessions"):
        trials_of(make(), held_out)
    assert not make().evaluation.within_session


def test_groups_too_small_are_told_and_no_error(make: Make, listed: Path) -> None:
    few = {"evaluation.minimum_speakers": 4, "evaluation.minimum_targets": 17, "evaluation.replicates": 0}
    held_out = read_manifest(listed)
    assert check_evaluation(make(few | {"evaluation.by": ["gender", "country"]}), held_out) == [
        "Evaluation by gender: 2 of 2 groups are too small to be counted in gaps: "
        "female (16 target trials, fewer than 17), male (16 target trials, fewer than 17).",
        "Evaluation by country: 3 of 3 groups are too small to be counted in gaps: "
        "India (2 speakers, fewer than 4; 8 target trials, fewer than 17; no non-target trials), "
        "UK (3 speakers, fewer than 4; 12 target trials, fewer than 17), "
        "USA (3 speakers, fewer than 4; 12 target trials, fewer than 17).",
    ]
    assert check_evaluation(make({"evaluation.by": ["gender"]}), held_out) == []


@pytest.mark.fault("run resumed with other held-out speakers")
def test_of_a_run_that_is_there_other_data_are_told_before_what_they_lack(
    make: Make, tones: Path, tmp_path: Path
) -> None:
    table = pl.read_csv(tones)
    others = table.with_columns(pl.concat_str(pl.lit("other-"), "speaker_id").alias("speaker_id"))
    held_out = tmp_path / "held-out.csv"
    others.write_csv(held_out)
    paths = {"data.manifest": tones, "data.held_out_manifest": held_out}
    recipe = make(paths | {"data.held_out_audio_root": tones.parent, "evaluation.by": ["gender"]})
    complete_run(recipe, tmp_path / "run", resume=False, evaluate=False)
    one_session(others).write_csv(held_out)
    with pytest.raises(InputError) as caught:
        complete_run(recipe, tmp_path / "run", resume=True)
    assert str(caught.value) == (
        f"{held_out}: is not what {tmp_path / 'run'} was started with; of its held-out speakers 8 have other "
        "utterances (the first is 'other-s0'); resume with the manifest of then, or train in another folder"
    )
