"""Evaluate a run on speakers that it never saw: embeddings, trials, scores, report."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from svfair.audio import check_audio
from svfair.audit import Audit, audit_trials
from svfair.errors import InputError, Parameter, shown
from svfair.extractors import load_extractor
from svfair.files import write_text_whole
from svfair.manifests import Manifest, hold_out_speakers, read_manifest, write_held_out
from svfair.reports import to_json, write_page
from svfair.scoring import cosine_scores, embed, with_speakers, write_embeddings, write_scores
from svfair.training.recipe import Recipe
from svfair.training.rehearsal import trials_of
from svfair.training.run_folder import RunFolder
from svfair.training.split import strata_of_split
from svfair.trials import ScoreFiles, read_scored_trials, speakers_without_trials


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
        raise InputError("data.manifest: no data to train on; name it there, or with ", Parameter("data"))
    manifest = _read(recipe.data.manifest, recipe.data.audio_root)
    if recipe.data.held_out_manifest is None:
        known = manifest.speakers()
        try:
            trained, held_out = hold_out_speakers(
                known,
                share=recipe.data.held_out_share,
                stratify=strata_of_split(recipe, known),
                seed=recipe.seed,
            )
        except InputError as error:
            raise error.within("data") from error
        return Speakers(manifest.of_speakers(trained), manifest.of_speakers(held_out))
    other = _read(recipe.data.held_out_manifest, recipe.data.held_out_audio_root)
    both = set(manifest.table["speaker_id"]) & set(other.table["speaker_id"])
    if both:
        raise InputError(
            f"{recipe.data.held_out_manifest}: {len(both)} speakers are in the training manifest too, "
            f"the first is '{shown(min(both))}'; held-out speakers must be others"
        )
    return Speakers(manifest, other)


def _read(path: Path, audio_root: Path | None) -> Manifest:
    manifest = read_manifest(path, audio_root=audio_root)
    check_audio(manifest)
    return manifest


def write_speakers_of(run: RunFolder, speakers: Speakers) -> None:
    """Write which speaker is trained on and which held out, and the manifest of the latter."""
    tables = [
        manifest.speakers().with_columns(part=pl.lit(part))
        for part, manifest in (("training", speakers.training), ("held_out", speakers.held_out))
    ]
    write_text_whole(run.speakers, pl.concat(tables, how="diagonal").write_csv())
    write_held_out(speakers.held_out, run.path)


def evaluate_run(
    run: RunFolder, recipe: Recipe, held_out: Manifest, progress: Callable[[int], None] | None = None
) -> Audit:
    """Embed, score and audit the held-out speakers; leave the files and the report in the run folder."""
    extractor = load_extractor(run.extractor)
    notes: list[str] = []
    embeddings = embed(
        extractor, held_out, device=recipe.training.device, progress=progress, tell=notes.append
    )
    trained = extractor.trained_speakers
    write_embeddings(embeddings, run.embeddings, trained_speakers=trained)
    trials = trials_of(recipe, held_out)
    scores = with_speakers(cosine_scores(embeddings, trials), embeddings)
    write_scores(scores, run.scores, trained_speakers=trained)
    read = read_scored_trials(run.scores, ScoreFiles(utterance_speakers=held_out.table))
    audited = audit_trials(read, held_out.speakers(), recipe.evaluation.settings(), system=recipe.name)
    notes += _left_out(held_out.table, trials)
    write_page(run.report_html, [audited], title=f"svfair: {recipe.name}", notes=notes)
    write_text_whole(run.report_json, json.dumps(to_json([audited]), indent=2) + "\n")
    return audited


def _left_out(table: pl.DataFrame, trials: pl.DataFrame) -> list[str]:
    kinds = zip(("target", "non-target"), speakers_without_trials(table, trials), strict=True)
    return [
        f"{len(without)} held-out speakers are in no {kind} trial, such as {without[0]}."
        for kind, without in kinds
        if without
    ]
