"""All that a run is made of, built once and checked before anything is written."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch import Tensor

from svfair.errors import InputError, shown
from svfair.extractors import EcapaExtractor
from svfair.loading import Augmentation, SpeakerBalancedBatches
from svfair.manifests import Manifest
from svfair.missing import UNKNOWN
from svfair.reweighting import Objective
from svfair.training.objectives import build_objective
from svfair.training.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    """What a run starts from.

    Parameters
    ----------
    recipe
        All settings.
    manifest
        Training speakers alone.
    batches
        Which rows go into which step.
    augmentation
        None for crops as they were recorded.
    groups
        True group of each row, int64 (rows,), for the oracle methods; else None.
    extractor, objective
        As the seed starts them; training works on copies, so that a plan can be run again.
    """

    recipe: Recipe
    manifest: Manifest
    batches: SpeakerBalancedBatches
    augmentation: Augmentation | None
    groups: Tensor | None
    extractor: EcapaExtractor
    objective: Objective


def plan_run(recipe: Recipe, manifest: Manifest) -> Plan:
    """Build what a run is made of, from a recipe and a manifest of its training speakers alone.

    Raises
    ------
    InputError
        When the device is not there, the manifest has too few speakers or no such groups for the recipe, a
        folder of augmentation cannot be used, or the method cannot use one of its settings.
    """
    _check_device(recipe.training.device)
    seed, settings = recipe.seed, recipe.data.augmentation.settings()
    try:
        batches = SpeakerBalancedBatches(
            manifest.table,
            speakers_per_batch=recipe.data.speakers_per_batch,
            utterances_per_speaker=recipe.data.utterances_per_speaker,
            seed=seed,
        )
        speakers = len(batches.speakers)
        augmentation = None if settings is None else Augmentation(settings, speakers=speakers, seed=seed)
    except InputError as error:
        raise error.within("data") from error
    groups, counts = _true_groups(recipe, manifest)
    # The order in which the seed is spent: what a seed gives stays as it is.
    torch.manual_seed(seed)
    try:
        extractor = _extractor(recipe)
        # A classifier also tells apart the speakers that a changed speed makes.
        labels = speakers * (1 if settings is None else settings.label_copies)
        objective = build_objective(recipe, speakers=labels, group_counts=counts)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        raise InputError(
            "extractor: there is no memory for a model of this size; set extractor.channels or the sizes of "
            "objective.method lower"
        ) from error
    return Plan(recipe, manifest, batches, augmentation, groups, extractor, objective)


def _extractor(recipe: Recipe) -> EcapaExtractor:
    try:
        return EcapaExtractor(**recipe.extractor.model_dump())
    except InputError as error:
        raise error.within("extractor") from error


def _true_groups(recipe: Recipe, manifest: Manifest) -> tuple[Tensor | None, Tensor | None]:
    """Return the groups that an oracle method is told, one a row, and the rows of each."""
    name = recipe.objective.method.groups
    if name is None:
        return None, None
    if name not in manifest.table.columns:
        raise InputError(
            f"objective.method.groups: the manifest has no column '{name}'; "
            f"it has {', '.join(manifest.table.columns)}"
        )
    of_rows = manifest.table[name].cast(pl.String).fill_null(UNKNOWN).to_numpy()
    _, groups, counts = np.unique(of_rows, return_inverse=True, return_counts=True)
    return torch.from_numpy(groups), torch.from_numpy(counts)


def _check_device(device: str) -> None:
    kind = device.split(":")[0]
    if kind not in ("cpu", "cuda"):
        raise InputError(f"training.device: '{shown(device)}' is none of cpu, cuda, cuda:N")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device: no CUDA device is available here; set it to cpu")
    try:
        index = torch.device(device).index or 0
    except RuntimeError as error:
        raise InputError(f"training.device: '{shown(device)}' is none of cpu, cuda, cuda:N") from error
    if kind == "cuda" and index >= torch.cuda.device_count():
        raise InputError(
            f"training.device: there is no {device} here; the last one is "
            f"cuda:{torch.cuda.device_count() - 1}"
        )
