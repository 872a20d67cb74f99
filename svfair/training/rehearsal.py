"""The trials of a run's evaluation; and the evaluation held before training, with scores that are made up."""

from dataclasses import replace

import numpy as np
import polars as pl

from svfair.audit import Audit, audit, check_attributes_of
from svfair.errors import InputError
from svfair.manifests import Manifest
from svfair.manifests.groups import check_has
from svfair.metrics import Resampling
from svfair.missing import UNKNOWN
from svfair.training.recipe import Recipe
from svfair.trials import design_trials


def trials_of(recipe: Recipe, held_out: Manifest) -> pl.DataFrame:
    """Draw the trials that a run is evaluated on.

    They depend on the manifest and the recipe's evaluation section alone (their seed is fixed), so that runs
    with other seeds or objectives are compared on the same trials.

    Raises
    ------
    InputError
        When an attribute is not there, or no target or no non-target trial can be made.
    """
    settings = recipe.evaluation
    return design_trials(
        held_out.table,
        match=settings.match,
        targets_per_speaker=settings.targets_per_speaker,
        non_targets_per_speaker=settings.non_targets_per_speaker,
        seed=0,
        within_session=settings.within_session,
    )


def check_evaluation(recipe: Recipe, held_out: Manifest) -> list[str]:
    """Draw the trials and audit them with made-up scores: what is wrong is found before training, not after.

    Parameters
    ----------
    recipe
        All settings.
    held_out
        The speakers to evaluate on.

    Returns
    -------
    list of str
        A line for each attribute that has groups too small to be counted in gaps.

    Raises
    ------
    InputError
        When the evaluation would fail: it names the field of the recipe, or what the speakers lack.
    """
    speakers, settings = held_out.speakers(), recipe.evaluation.settings()
    try:
        check_attributes_of(speakers, settings)
        check_has(speakers, recipe.evaluation.match, "match")
        trials = trials_of(recipe, held_out)
        speaker_of = dict(held_out.table.select("utterance_id", "speaker_id").iter_rows())
        labels = trials["is_target"].to_numpy()
        scores = np.random.default_rng(0).normal(size=len(labels)) + 3 * labels
        enrol, test = ([speaker_of[name] for name in trials[side]] for side in ("enrol", "test"))
        few = None if settings.resampling is None else Resampling(replicates=2, permutations=2)
        rehearsed = audit(scores, labels, enrol, test, speakers, replace(settings, resampling=few))
    except InputError as error:
        raise error.within("evaluation") from error
    return _too_small(rehearsed)


def _too_small(rehearsed: Audit) -> list[str]:
    lines = []
    for attribute in rehearsed.evaluation.attributes:
        small = [group for group in attribute.groups if not group.counted and group.name != UNKNOWN]
        small.sort(key=lambda group: group.name)
        if small:
            why = ", ".join(f"{group.name} ({group.note})" for group in small)
            known = sum(group.name != UNKNOWN for group in attribute.groups)
            lines.append(
                f"Evaluation by {attribute.name}: {len(small)} of {known} groups are too small to be counted "
                f"in gaps: {why}."
            )
    return lines
