import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from svfair.errors import InputError
from svfair.manifests import Manifest, read_manifest
from svfair.training import (
    Recipe,
    RunFolder,
    evaluate_run,
    open_run,
    plan_run,
    read_speakers_of,
    train,
)
from svfair.training.brain import MinMaxBrain, learning_rate
from svfair.training.recipe import Training

PAIRWISE = {
    "objective.method": {"name": "pairwise", "regions": 2, "refit_every": 2, "warm_up_share": 0.34},
    "evaluation.by": ["gender", "country"],
}

Make = Callable[..., Recipe]
Interrupted = Callable[[int], AbstractContextManager[None]]


def lines(run: RunFolder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.metrics.read_text().splitlines()]


def train_in(folder: Path, recipe: Recipe, tones: Path, *, resume: bool = False) -> RunFolder:
    run = open_run(folder, recipe, resume=resume)
    assert train(plan_run(recipe, read_manifest(tones)), run, progress=False)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("changes", [PAIRWISE, {}])
def test_one_seed_one_result(tmp_path: Path, tones: Path, make: Make, changes: dict[str, Any]) -> None:
    recipe = make(changes)
    one = train_in(tmp_path / "one", recipe, tones)
    weights = load_file(one.extractor)
    plan = plan_run(recipe, read_manifest(tones))
    for name in ("two", "three"):  # training changes nothing in a plan
        again = open_run(tmp_path / name, recipe, resume=False)
        assert train(plan, again, progress=False)
        assert lines(one) == lines(again)
        same = load_file(again.extractor)
        assert all(torch.equal(weights[name], same[name]) for name in weights)
    other = train_in(tmp_path / "other", recipe.model_copy(update={"seed": 1}), tones)
    assert lines(other) != lines(one)


def test_both_systems_start_alike_and_part_after_the_warm_up(tmp_path: Path, tones: Path, make: Make) -> None:
    plain = lines(train_in(tmp_path / "plain", make(), tones))
    reweighted = lines(train_in(tmp_path / "reweighted", make(PAIRWISE), tones))
    # A third of six steps is warm-up.
    assert [line["loss"] for line in plain[:2]] == [line["loss"] for line in reweighted[:2]]
    assert plain[2]["loss"] != reweighted[2]["loss"]


def test_the_log_shows_what_the_adversary_does(tmp_path: Path, tones: Path, make: Make) -> None:
    log = lines(train_in(tmp_path / "run", make(PAIRWISE), tones))
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert "effective_sample_size" not in log[0]
    last = log[-1]
    assert 0 < last["effective_sample_size"] <= 1
    assert -1 <= last["weight_loss_correlation"] <= 1
    assert last["largest_weight"] >= 1
    assert len(last["region_weights"]) == 2
    assert set(last["group_weights"]["gender"]) == {"female", "male"}
    assert set(last["group_weights"]["country"]) <= {"USA", "UK", "India"}


def test_the_log_leaves_out_what_is_not_known_of_the_training_speakers(
    tmp_path: Path, tones: Path, make: Make
) -> None:
    pl.read_csv(tones).drop("country").write_csv(tones)
    log = lines(train_in(tmp_path / "run", make(PAIRWISE), tones))
    assert log[-1]["group_weights"].keys() == {"gender"}


@pytest.mark.slow
@pytest.mark.parametrize("stop_after", [3, 4])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, tones: Path, make: Make, interrupted_after: Interrupted, stop_after: int
) -> None:
    recipe = make(PAIRWISE)
    plan = plan_run(recipe, read_manifest(tones))
    whole = train_in(tmp_path / "whole", recipe, tones)
    run = open_run(tmp_path / "halves", recipe, resume=False)
    with interrupted_after(stop_after):
        assert not train(plan, run, progress=False)
    assert not run.is_trained
    assert lines(run)[-1]["step"] == stop_after
    assert train(plan, run, progress=False)  # by the very plan: it is as it was
    assert lines(run) == lines(whole)
    weights, same = load_file(whole.extractor), load_file(run.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)


@pytest.mark.slow
def test_killed_run_goes_on_from_its_last_checkpoint(
    tmp_path: Path, tones: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make(PAIRWISE)
    whole = train_in(tmp_path / "whole", recipe, tones)
    run = open_run(tmp_path / "killed", recipe, resume=False)
    fit_batch = MinMaxBrain.fit_batch

    def die(self: MinMaxBrain, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        loss = fit_batch(self, batch)
        if self.step == 5:
            raise MemoryError
        return loss

    with monkeypatch.context() as patched:
        patched.setattr(MinMaxBrain, "fit_batch", die)
        with pytest.raises(MemoryError):
            train(plan_run(recipe, read_manifest(tones)), run, progress=False)
    with run.metrics.open("a") as file:
        file.write('{"step": 6, "lo')  # a line that the crash cut short
    train_in(tmp_path / "killed", recipe, tones, resume=True)
    assert lines(run) == lines(whole)


def test_the_adversary_takes_its_own_steps(tmp_path: Path, tones: Path, make: Make) -> None:
    run = train_in(tmp_path / "run", make(PAIRWISE), tones)
    saved = max(run.checkpoints.glob("CKPT*"))
    adversary = torch.load(saved / "optimizer_adversary.ckpt", weights_only=True)["state"]
    extractor = torch.load(saved / "optimizer_extractor.ckpt", weights_only=True)["state"]
    # Four turns after a warm-up of two steps, the first of them at its end.
    assert {int(state["step"]) for state in adversary.values()} == {5}
    assert {int(state["step"]) for state in extractor.values()} == {6}


HELD_OUT = {
    "training.steps": 2,
    "data.held_out_share": 0.5,
    "data.stratify": ["gender"],
    "data.speakers_per_batch": 3,
}


@pytest.mark.slow
def test_evaluation_leaves_whole_files(tmp_path: Path, tones: Path, make: Make) -> None:
    recipe = make(HELD_OUT | {"data.manifest": tones, "evaluation.by": ["gender", "country"]})
    speakers = read_speakers_of(recipe)
    assert not set(speakers.training.table["speaker_id"]) & set(speakers.held_out.table["speaker_id"])
    run = open_run(tmp_path / "run", recipe, resume=False)
    train(plan_run(recipe, speakers.training), run, progress=False)
    done: list[int] = []
    evaluation = evaluate_run(run, recipe, speakers.held_out, done.append).evaluation
    assert done == list(range(1, 17))
    assert evaluation.overall.speakers == 4
    evaluated = speakers.held_out.table["speaker_id"][0]
    for path in (run.embeddings, run.scores, run.report_html, run.report_json, run.config):
        assert path.is_file()
    assert not list(run.path.rglob("*.part"))
    assert "in no target trial" not in run.report_html.read_text()
    alone = speakers.held_out.table.with_columns(
        session_id=pl.when(pl.col("speaker_id") == evaluated).then(pl.lit("one")).otherwise("session_id")
    )
    one_session = Manifest(alone, speakers.held_out.audio_root, speakers.held_out.source)
    evaluate_run(run, recipe, one_session)
    assert f"1 held-out speakers are in no target trial, such as {evaluated}." in run.report_html.read_text()
    assert json.loads(run.report_json.read_text())["systems"][0]["overall"]["speakers"] == 4
    assert run.recipe() == recipe


def test_folders_in_use_are_refused(tmp_path: Path, make: Make) -> None:
    recipe = make()
    run = open_run(tmp_path / "run", recipe, resume=False)
    with pytest.raises(InputError, match="already exists; give resume to go on"):
        open_run(run.path, recipe, resume=False)
    open_run(run.path, recipe, resume=True)
    with pytest.raises(InputError, match=r"holds a run with training.steps=6, not 9"):
        open_run(run.path, make({"training.steps": 9}), resume=True)
    with pytest.raises(InputError, match=r"holds a run with objective.method.name=plain, not cvar"):
        open_run(run.path, make({"objective.method": {"name": "cvar"}}), resume=True)
    with pytest.raises(InputError, match="is a file"):
        open_run(run.config, recipe, resume=True)
    (tmp_path / "stuff").mkdir()
    (tmp_path / "stuff" / "x").touch()
    with pytest.raises(InputError, match="not a run folder"):
        open_run(tmp_path / "stuff", recipe, resume=True)


def test_bad_data_are_named(tmp_path: Path, tones: Path, make: Make) -> None:
    with pytest.raises(InputError, match=r"data.manifest: no data to train on; name it there, or with data"):
        read_speakers_of(make())
    both = make({"data.manifest": tones, "data.held_out_manifest": tones})
    with pytest.raises(InputError, match=r"8 speakers are in the training manifest too, the first is 's0'"):
        read_speakers_of(both)
    for device, message in (("tpu", "none of cpu"), ("cuda:0", "no CUDA device")):
        if device == "cuda:0" and torch.cuda.is_available():
            continue
        with pytest.raises(InputError, match=message):
            plan_run(make({"training.device": device}), read_manifest(tones))


def test_learning_rate_rises_and_falls() -> None:
    settings = Training(steps=100, learning_rate=1e-2, final_learning_rate=1e-4, learning_rate_warm_up=10)
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3)
    assert max(rates) == rates[9] == rates[10] == pytest.approx(1e-2)
    assert rates[55] == pytest.approx((1e-2 + 1e-4) / 2)
    assert rates[-1] == pytest.approx(1e-4, rel=0.05)
    assert all(a >= b for a, b in pairwise(rates[10:]))


METHODS: list[dict[str, Any]] = [
    {"method": {"name": "accumulated"}, "loss": "aam_softmax"},
    {"method": {"name": "pseudo_label"}, "loss": "generalized_end_to_end"},
    {
        "method": {"name": "pairwise", "play": "simultaneous"},
        "loss": "angular_prototypical",
        "classifier": 0.5,
    },
    {"method": {"name": "pairwise", "sees_speaker": True, "region_as": "centroid", "largest_weight": 2}},
    {"method": {"name": "plain_doubled_rate"}},
    {"method": {"name": "arl"}},
    {"method": {"name": "cvar", "share": 0.5}},
    {"method": {"name": "group_dro_regions"}},
    {"method": {"name": "inverse_frequency_oracle", "groups": "gender"}},
    {"method": {"name": "group_dro_oracle", "groups": "gender"}},
]


@pytest.mark.slow
@pytest.mark.parametrize("objective", METHODS)
def test_every_kind_of_method_trains_from_a_recipe_and_resumes(
    tmp_path: Path, tones: Path, make: Make, objective: dict[str, Any], interrupted_after: Interrupted
) -> None:
    shared = {"regions": 2, "refit_every": 2, "warm_up_share": 0.34}
    recipe = make({"objective": objective | {"method": shared | objective["method"]}})
    whole = train_in(tmp_path / "whole", recipe, tones)
    half = open_run(tmp_path / "half", recipe, resume=False)
    with interrupted_after(4):
        assert not train(plan_run(recipe, read_manifest(tones)), half, progress=False)
    resumed = train_in(half.path, recipe, tones, resume=True)
    assert lines(resumed) == lines(whole)
    rates = [line["learning_rate"] for line in lines(whole)]
    plain = [learning_rate(step, recipe.training) for step in range(6)]
    doubled = "doubled" in recipe.objective.method.name
    assert rates == pytest.approx([(2 if doubled else 1) * rate for rate in plain])


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            {"method": {"name": "group_dro_oracle", "groups": "age"}},
            "objective.method.groups: the manifest has no column 'age'; it has utterance_id, path",
        ),
        ({"method": {"name": "cvar", "share": 2}}, "objective.method: cvar: share must be more than 0"),
        (
            {"method": {"name": "pairwise", "largest_weight": 1}},
            "objective.method: pairwise: largest_weight must be more than 1 times the mean, not 1.0",
        ),
        (
            {"method": {"name": "pairwise"}, "loss": "aam_softmax"},
            "objective.method: pairwise: AamSoftmax has no pairs to weigh: use the accumulated formulation",
        ),
    ],
)
def test_what_does_not_fit_the_manifest_or_the_method_is_named(
    tones: Path, make: Make, objective: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        plan_run(make({"objective": objective}), read_manifest(tones))
    assert str(caught.value).startswith(message)


def test_an_oracle_is_told_the_groups_of_the_rows(tones: Path, make: Make) -> None:
    manifest = read_manifest(tones)
    written = manifest.written.with_columns(
        country=pl.when(pl.col("speaker_id") == "s3").then(None).otherwise("country")
    )
    manifest = Manifest(written, manifest.audio_root, manifest.source)
    method = {"name": "inverse_frequency_oracle", "groups": "country"}
    plan = plan_run(make({"objective.method": method}), manifest)
    names = sorted({*written["country"].fill_null("unknown")})
    assert plan.groups is not None
    assert [names[group] for group in plan.groups] == written["country"].fill_null("unknown").to_list()
    counts = [float((written["country"].fill_null("unknown") == name).sum()) for name in names]
    assert plan.objective.get_buffer("group_counts").tolist() == counts
