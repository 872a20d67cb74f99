import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from svfair.errors import InputError
from svfair.manifests.manifest import Manifest, read_manifest
from svfair.training.brain import MinMaxBrain, learning_rate
from svfair.training.evaluation import evaluate_run, read_speakers_of
from svfair.training.recipe import Recipe, Training, make_recipe
from svfair.training.run import plan_batches, train
from svfair.training.run_folder import RunFolder, open_run


def make(steps: int = 6, reweighting: bool = True, **training: Any) -> Recipe:
    return make_recipe(
        {
            "name": "tiny",
            "data": {"speakers_per_batch": 6, "crop_seconds": 0.4},
            "extractor": {"channels": 8, "embedding_size": 8, "mel_bands": 16, "attention_channels": 8},
            "objective": {
                "reweighting": {"regions": 2, "refit_every": 2, "warm_up_share": 0.34}
                if reweighting
                else None
            },
            "training": {
                "steps": steps,
                "checkpoint_every": 2,
                "log_every": 1,
                "learning_rate_warm_up": 2,
                "threads": 1,
                **training,
            },
            "evaluation": {"minimum_speakers": 1, "minimum_targets": 1, "by": ["gender", "country"]},
        }
    )


def lines(run: RunFolder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.metrics.read_text().splitlines()]


def train_in(folder: Path, recipe: Recipe, tones: Path, *, resume: bool = False) -> RunFolder:
    run = open_run(folder, recipe, resume=resume)
    assert train(recipe, read_manifest(tones), run, progress=False)
    return run


@pytest.mark.parametrize("reweighting", [True, False])
def test_one_seed_one_result(tmp_path: Path, tones: Path, reweighting: bool) -> None:
    recipe = make(reweighting=reweighting)
    one, two = (train_in(tmp_path / name, recipe, tones) for name in ("one", "two"))
    assert lines(one) == lines(two)
    weights, same = load_file(one.extractor), load_file(two.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    other = train_in(tmp_path / "other", recipe.model_copy(update={"seed": 1}), tones)
    assert lines(other) != lines(one)


def test_both_systems_start_alike_and_part_after_the_warm_up(tmp_path: Path, tones: Path) -> None:
    plain = lines(train_in(tmp_path / "plain", make(reweighting=False), tones))
    reweighted = lines(train_in(tmp_path / "reweighted", make(), tones))
    # A third of six steps is warm-up.
    assert [line["loss"] for line in plain[:2]] == [line["loss"] for line in reweighted[:2]]
    assert plain[2]["loss"] != reweighted[2]["loss"]


def test_log_shows_the_adversary_s_health(tmp_path: Path, tones: Path) -> None:
    log = lines(train_in(tmp_path / "run", make(), tones))
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert "effective_sample_size" not in log[0]
    last = log[-1]
    assert 0 < last["effective_sample_size"] <= 1
    assert -1 <= last["weight_loss_correlation"] <= 1
    assert last["largest_weight"] >= 1
    assert len(last["region_weights"]) == 2
    assert set(last["group_weights"]["gender"]) == {"female", "male"}
    assert set(last["group_weights"]["country"]) <= {"USA", "UK", "India"}


@pytest.mark.parametrize("stop_after", [3, 4])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, tones: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    recipe = make()
    whole = train_in(tmp_path / "whole", recipe, tones)
    run = open_run(tmp_path / "halves", recipe, resume=False)
    fit_batch = MinMaxBrain.fit_batch

    def stop(self: MinMaxBrain, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        self.stop_requested = self.step == stop_after
        return fit_batch(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(MinMaxBrain, "fit_batch", stop)
        assert not train(recipe, read_manifest(tones), run, progress=False)
    assert not run.is_trained
    assert lines(run)[-1]["step"] == stop_after
    train_in(tmp_path / "halves", recipe, tones, resume=True)
    assert lines(run) == lines(whole)
    weights, same = load_file(whole.extractor), load_file(run.extractor)
    assert all(torch.equal(weights[name], same[name]) for name in weights)


def test_killed_run_goes_on_from_its_last_checkpoint(
    tmp_path: Path, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make()
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
            train(recipe, read_manifest(tones), run, progress=False)
    with run.metrics.open("a") as file:
        file.write('{"step": 6, "lo')  # a line that the crash cut short
    train_in(tmp_path / "killed", recipe, tones, resume=True)
    assert lines(run) == lines(whole)


def test_the_adversary_takes_its_own_steps(tmp_path: Path, tones: Path) -> None:
    run = train_in(tmp_path / "run", make(), tones)
    saved = next(run.checkpoints.glob("CKPT*"))
    adversary = torch.load(saved / "optimizer_adversary.ckpt")["state"]
    extractor = torch.load(saved / "optimizer_extractor.ckpt")["state"]
    # Four turns after a warm-up of two steps, the first of them at its end.
    assert {int(state["step"]) for state in adversary.values()} == {5}
    assert {int(state["step"]) for state in extractor.values()} == {6}


def test_evaluation_leaves_whole_files(tmp_path: Path, tones: Path) -> None:
    recipe = make(steps=2)
    data = recipe.data.model_copy(update={"manifest": tones, "held_out_share": 0.5, "speakers_per_batch": 3})
    recipe = recipe.model_copy(update={"data": data})
    speakers = read_speakers_of(recipe)
    assert not set(speakers.training.table["speaker_id"]) & set(speakers.held_out.table["speaker_id"])
    run = open_run(tmp_path / "run", recipe, resume=False)
    train(recipe, speakers.training, run, progress=False)
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


def test_folders_in_use_are_refused(tmp_path: Path) -> None:
    recipe = make()
    run = open_run(tmp_path / "run", recipe, resume=False)
    with pytest.raises(InputError, match="already exists; add --resume"):
        open_run(run.path, recipe, resume=False)
    open_run(run.path, recipe, resume=True)
    with pytest.raises(InputError, match=r"holds a run with training.steps=6, not 9"):
        open_run(run.path, make(steps=9), resume=True)
    with pytest.raises(InputError, match="is a file"):
        open_run(run.config, recipe, resume=True)
    (tmp_path / "stuff").mkdir()
    (tmp_path / "stuff" / "x").touch()
    with pytest.raises(InputError, match="not a run folder"):
        open_run(tmp_path / "stuff", recipe, resume=True)


def test_bad_data_are_named(tmp_path: Path, tones: Path) -> None:
    with pytest.raises(InputError, match=r"data.manifest: no data to train on; name it there, or with data"):
        read_speakers_of(make())
    data = {"manifest": tones, "held_out_manifest": tones}
    both = make().model_copy(update={"data": make().data.model_copy(update=data)})
    with pytest.raises(InputError, match=r"8 speakers are in the training manifest too, the first is 's0'"):
        read_speakers_of(both)
    for device, message in (("tpu", "none of cpu"), ("cuda:0", "no CUDA device")):
        if device == "cuda:0" and torch.cuda.is_available():
            continue
        with pytest.raises(InputError, match=message):
            train_in(tmp_path / device.replace(":", ""), make(device=device), tones)


def test_learning_rate_rises_and_falls() -> None:
    settings = Training(steps=100, learning_rate=1e-2, final_learning_rate=1e-4, learning_rate_warm_up=10)
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3)
    assert max(rates) == rates[9] == rates[10] == pytest.approx(1e-2)
    assert rates[55] == pytest.approx((1e-2 + 1e-4) / 2)
    assert rates[-1] == pytest.approx(1e-4, rel=0.05)
    assert all(a >= b for a, b in pairwise(rates[10:]))


METHODS: list[dict[str, Any]] = [
    {"reweighting": {"formulation": "accumulated"}, "loss": "aam_softmax"},
    {"reweighting": {"formulation": "pseudo_label"}, "loss": "generalized_end_to_end"},
    {"reweighting": {"play": "simultaneous"}, "loss": "angular_prototypical", "classifier": 0.5},
    {"reweighting": {"adversary_sees_speaker": True, "adversary_region_as": "centroid", "largest_weight": 2}},
    {"control": {"method": "plain_doubled_rate"}},
    {"control": {"method": "arl"}},
    {"control": {"method": "cvar", "settings": {"share": 0.5}}},
    {"control": {"method": "group_dro_regions"}},
    {"control": {"method": "inverse_frequency_oracle", "groups": "gender"}},
    {"control": {"method": "group_dro_oracle", "groups": "gender"}},
]


@pytest.mark.parametrize("objective", METHODS)
def test_every_kind_of_method_trains_from_a_recipe_and_resumes(
    tmp_path: Path, tones: Path, objective: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make().model_dump(mode="json")
    for section in ("reweighting", "control"):
        if section in objective:
            shared = {"regions": 2, "refit_every": 2, "warm_up_share": 0.34}
            objective = objective | {section: shared | objective[section]}
    recipe = make_recipe(content | {"objective": objective})
    whole = train_in(tmp_path / "whole", recipe, tones)
    half = tmp_path / "half"
    with monkeypatch.context() as patched:
        patched.setattr(
            MinMaxBrain,
            "stop_requested",
            property(lambda brain: brain.step == 4, lambda *_: None),
            raising=False,
        )
        assert not train(recipe, read_manifest(tones), open_run(half, recipe, resume=False), progress=False)
    resumed = train_in(half, recipe, tones, resume=True)
    assert lines(resumed) == lines(whole)
    rates = [line["learning_rate"] for line in lines(whole)]
    plain = [learning_rate(step, recipe.training) for step in range(6)]
    doubled = recipe.objective.control is not None and "doubled" in recipe.objective.control.method
    assert rates == pytest.approx([(2 if doubled else 1) * rate for rate in plain])


def test_what_does_not_fit_the_manifest_or_the_method_is_named(tones: Path) -> None:
    content = make().model_dump(mode="json")
    for control, message in (
        ({"method": "group_dro_oracle", "groups": "age"}, "the manifest has no column 'age'"),
        ({"method": "cvar", "settings": {"share": 2}}, "objective.control: share must be more than 0"),
        (
            {"method": "cvar", "settings": {"gamma": 2}},
            "objective.control: method 'cvar' does not take the setting 'gamma'",
        ),
    ):
        recipe = make_recipe(content | {"objective": {"control": control}})
        with pytest.raises(InputError, match=message):
            plan_batches(recipe, read_manifest(tones))
