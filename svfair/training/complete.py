"""A whole run: plan, train, evaluate."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from svfair.audit import Audit
from svfair.scoring.utterances import check_durations
from svfair.training.evaluation import evaluate_run, read_speakers_of, write_speakers_of
from svfair.training.plan import plan_run
from svfair.training.recipe import Recipe
from svfair.training.rehearsal import check_evaluation
from svfair.training.run import fit
from svfair.training.run_folder import RunFolder, open_run

#: Called with a number of utterances before they are embedded; the function in its context is told how many
#: are done.
EmbeddingBar = Callable[[int], AbstractContextManager[Callable[[int], None] | None]]


def complete_run(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool,
    evaluate: bool = True,
    tell: Callable[[str], None] | None = None,
    bar: EmbeddingBar | None = None,
) -> Audit | None:
    """Train by a recipe, unless the folder holds the trained extractor already, and evaluate.

    Parameters
    ----------
    recipe
        All settings.
    folder
        Run folder to make, or to go on with.
    resume
        Whether the folder may hold an interrupted run of the same recipe.
    evaluate
        Whether to evaluate on the held-out speakers.
    tell
        Takes lines for the user.
    bar
        Shows how far embedding has come.

    Raises
    ------
    InputError
        When the recipe, the data or the folder cannot be used; nothing has been written then. As `fit`.
    Interrupted
        When the user interrupted the training; a checkpoint is left.
    """
    speakers = read_speakers_of(recipe)
    parts = {"training": speakers.training, "held_out": speakers.held_out}
    if resume and RunFolder(folder).config.is_file():
        # Another recipe or other data than the run's are told first, before what these lack.
        run = open_run(folder, recipe, resume=True)
        with run.claimed():
            run.check_data(parts, lambda line: None, recipe.objective.method.groups)
    plan = plan_run(recipe, speakers.training)
    too_small: list[str] = []
    if evaluate:
        check_durations(plan.extractor, speakers.held_out)
        too_small = check_evaluation(recipe, speakers.held_out)
    run = open_run(folder, recipe, resume=resume)
    tell = tell or (lambda line: None)
    with run.claimed():
        run.check_data(parts, tell, recipe.objective.method.groups)
        write_speakers_of(run, speakers)
        tell(
            f"{recipe.name}: {speakers.training.table['speaker_id'].n_unique()} training speakers, "
            f"{speakers.held_out.table['speaker_id'].n_unique()} held out; run folder {run.path}"
        )
        for line in too_small:
            tell(line)
        if run.is_trained:
            tell("Training is complete already.")
        else:
            fit(plan, run, tell=tell)
        if not evaluate:
            return None
        with nullcontext() if bar is None else bar(speakers.held_out.table.height) as progress:
            return evaluate_run(run, recipe, speakers.held_out, progress)
