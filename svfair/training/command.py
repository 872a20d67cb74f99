"""What `svfair train` does, step by step, with words for the user."""

import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from svfair.errors import InputError
from svfair.reports.json_report import to_json
from svfair.reports.terminal import print_audits
from svfair.training.evaluation import check_attributes, evaluate_run, read_speakers_of, write_speakers_of
from svfair.training.recipe import read_recipe
from svfair.training.run import plan_batches, train
from svfair.training.run_folder import open_run

#: Exit code of a process that was ended by SIGINT, by the shells' convention.
INTERRUPTED = 130


def run_recipe(
    recipe_path: Path,
    data: Path | None,
    out: Path | None,
    settings: list[str],
    *,
    resume: bool,
    evaluate: bool,
    as_json: bool,
) -> None:
    """Train by a recipe, evaluate, and print the field's table (or JSON).

    Raises
    ------
    InputError
        When the recipe, an override, the data or the run folder cannot be used.
    SystemExit
        With code 130 when the user interrupted the training; a checkpoint is left.
    """
    overrides = dict(_parse_override(setting) for setting in settings)
    if data is not None:
        overrides["data.manifest"] = json.dumps(str(data))
    recipe = read_recipe(recipe_path, overrides)
    notes = Console(stderr=True)
    speakers = read_speakers_of(recipe)
    plan_batches(recipe, speakers.training)
    if evaluate:
        check_attributes(recipe, speakers.held_out)
    run = open_run(out or Path("runs") / f"{recipe.name}-{recipe.seed}", recipe, resume=resume)
    write_speakers_of(run, speakers)
    notes.print(
        f"{recipe.name}: {speakers.training.table['speaker_id'].n_unique()} training speakers, "
        f"{speakers.held_out.table['speaker_id'].n_unique()} held out; run folder {run.path}",
        highlight=False,
        soft_wrap=True,
    )
    if run.is_trained:
        notes.print("Training is complete already.")
    elif not train(recipe, speakers.training, run):
        notes.print("Interrupted. A checkpoint is left; the same command with --resume goes on.")
        raise SystemExit(INTERRUPTED)
    if not evaluate:
        return
    with embedding_progress(notes) as progress:
        task = progress.add_task("Embedding", total=speakers.held_out.table.height)
        audited = evaluate_run(
            run, recipe, speakers.held_out, lambda done: progress.update(task, completed=done)
        )
    if as_json:
        print(json.dumps(to_json([audited]), indent=2))
    else:
        print_audits(Console(), [audited])
        notes.print(f"Report: {run.report_html}", soft_wrap=True)


def embedding_progress(console: Console) -> Progress:
    """Return a bar for embedding, with the remaining time."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _parse_override(setting: str) -> tuple[str, str]:
    field, equals, value = setting.partition("=")
    if not equals or not field.strip():
        raise InputError(f"--set {setting}: write it as section.field=value")
    return field.strip(), value
