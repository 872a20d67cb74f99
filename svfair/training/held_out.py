"""Evaluate a run on speakers that it never saw: embeddings, trials, scores, report."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from svfair.data.manifest import Manifest, read_manifest
from svfair.data.speakers import with_country_region
from svfair.data.split import hold_out_speakers, select_speakers
from svfair.data.trial_design import design_trials, speakers_without_trials
from svfair.data.trials import write_scores
from svfair.errors import InputError
from svfair.extractors import load_extractor
from svfair.files import write_text_whole
from svfair.metrics.evaluation import evaluate
from svfair.metrics.resampling import Resampling
from svfair.metrics.results import Evaluation
from svfair.reports.html import write_report
from svfair.reports.json_report import to_json
from svfair.scoring.cosine import cosine_scores
from svfair.scoring.embeddings import embed, write_embeddings
from svfair.training.configuration import Recipe
from svfair.training.run_folder import RunFolder


@dataclass(frozen=True)
class Speakers:
    """The speakers that a run trains on, and those that it is evaluated on."""

    training: Manifest
    held_out: Manifest


def read_speakers_of(recipe: Recipe) -> Speakers:
    """Read a recipe's manifest (or two), and hold speakers out where there is one.

    Raises
    ------
    InputError
        When no manifest is named, a manifest cannot be used, or training and held-out speakers overlap.
    """
    if recipe.data.manifest is None:
        raise InputError("data.manifest: no data to train on; give --data MANIFEST")
    manifest = _with_region(read_manifest(recipe.data.manifest, audio_root=recipe.data.audio_root))
    if recipe.data.held_out_manifest is None:
        trained, held_out = hold_out_speakers(
            manifest.speakers(),
            share=recipe.data.held_out_share,
            stratify=recipe.data.stratify,
            seed=recipe.seed,
        )
        return Speakers(select_speakers(manifest, trained), select_speakers(manifest, held_out))
    other = _with_region(
        read_manifest(recipe.data.held_out_manifest, audio_root=recipe.data.held_out_audio_root)
    )
    both = set(manifest.table["speaker_id"]) & set(other.table["speaker_id"])
    if both:
        raise InputError(
            f"{recipe.data.held_out_manifest}: {len(both)} speakers are in the training manifest too, "
            f"the first is '{min(both)}'; held-out speakers must be others"
        )
    return Speakers(manifest, other)


def check_attributes(recipe: Recipe, held_out: Manifest) -> None:
    """Raise InputError when the evaluation names an attribute that the held-out speakers do not have."""
    known = held_out.speakers().columns[1:]
    for field, names in (("by", recipe.evaluation.by), ("match", recipe.evaluation.match)):
        for name in names:
            if name not in known:
                raise InputError(
                    f"evaluation.{field}: no attribute '{name}'; speakers have {', '.join(known)}"
                )


def write_speakers_of(run: RunFolder, speakers: Speakers) -> None:
    """Write which speaker is trained on and which held out."""
    tables = [
        manifest.speakers().with_columns(part=pl.lit(part))
        for part, manifest in (("training", speakers.training), ("held_out", speakers.held_out))
    ]
    write_text_whole(run.speakers, pl.concat(tables, how="diagonal").write_csv())


def evaluate_run(
    run: RunFolder, recipe: Recipe, held_out: Manifest, progress: Callable[[int], None] | None = None
) -> Evaluation:
    """Embed, score and evaluate the held-out speakers; leave the files and the report in the run folder.

    The trials depend on the manifest and the recipe's evaluation section alone (their seed is fixed), so
    that runs with other seeds or objectives are compared on the same trials.
    """
    extractor = load_extractor(run.extractor)
    embeddings = embed(extractor, held_out, device=recipe.training.device, progress=progress)
    write_embeddings(embeddings, run.embeddings)
    settings = recipe.evaluation
    trials = design_trials(
        held_out.table,
        match=settings.match,
        targets_per_speaker=settings.targets_per_speaker,
        non_targets_per_speaker=settings.non_targets_per_speaker,
        seed=0,
    )
    scores = cosine_scores(embeddings, trials)
    write_scores(scores, run.scores)
    evaluation = evaluate_scores(scores, held_out, recipe)
    notes = _left_out(held_out.table, trials)
    write_report(run.report_html, [evaluation], title=f"svfair: {recipe.name}", notes=notes)
    write_text_whole(run.report_json, json.dumps(to_json([evaluation]), indent=2) + "\n")
    return evaluation


def evaluate_scores(scores: pl.DataFrame, held_out: Manifest, recipe: Recipe) -> Evaluation:
    """Evaluate scored trials by the attributes that the recipe names."""
    speaker_of = dict(zip(held_out.table["utterance_id"], held_out.table["speaker_id"], strict=True))
    speakers = held_out.speakers()
    return evaluate(
        scores["score"].to_numpy(),
        scores["is_target"].to_numpy(),
        [speaker_of[utterance] for utterance in scores["enrol"]],
        [speaker_of[utterance] for utterance in scores["test"]],
        {
            name: dict(zip(speakers["speaker_id"], speakers[name], strict=True))
            for name in recipe.evaluation.by
        },
        system=recipe.name,
        minimum_speakers=recipe.evaluation.minimum_speakers,
        minimum_targets=recipe.evaluation.minimum_targets,
        resampling=_resampling(recipe),
    )


def _resampling(recipe: Recipe) -> Resampling | None:
    replicates = recipe.evaluation.replicates
    # One seed for all runs: systems on the same trials share their draws, so that differences have intervals.
    return Resampling(replicates=replicates, permutations=replicates, seed=0) if replicates else None


def _left_out(table: pl.DataFrame, trials: pl.DataFrame) -> list[str]:
    kinds = zip(("target", "non-target"), speakers_without_trials(table, trials), strict=True)
    return [
        f"{len(without)} held-out speakers are in no {kind} trial, such as {without[0]}."
        for kind, without in kinds
        if without
    ]


def _with_region(manifest: Manifest) -> Manifest:
    if "country" not in manifest.table.columns:
        return manifest
    return Manifest(with_country_region(manifest.table), manifest.audio_root, manifest.source)
