from collections.abc import Callable

import torch
from torch import Tensor

from svfair.errors import InputError
from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import Objective, make_objective
from svfair.training.recipe import Recipe


def build_objective(recipe: Recipe, *, speakers: int, group_counts: Tensor | None = None) -> Objective:
    """Build the objective of a recipe.

    Parameters
    ----------
    recipe
        All settings.
    speakers
        Number of training speakers, for a classifier.
    group_counts
        Training utterances of each group of `objective.control.groups`.

    Raises
    ------
    InputError
        When a control does not take one of its settings.
    """
    loss = _build_loss(recipe, speakers)
    size, seed, settings = recipe.extractor.embedding_size, recipe.seed, recipe.objective
    if settings.control is not None:
        control = settings.control
        try:
            return make_objective(
                control.method,
                loss,
                size,
                regions=control.regions,
                bank_size=control.bank_size,
                seed=seed,
                group_counts=group_counts,
                refit_every=control.refit_every,
                warm_up_steps=round(control.warm_up_share * recipe.training.steps),
                **control.settings,
            )
        except (TypeError, ValueError) as error:
            raise InputError(f"objective.control: {error}") from error
    if settings.reweighting is None:
        return make_objective("plain", loss, size)
    reweighting = settings.reweighting
    return make_objective(
        reweighting.formulation,
        loss,
        size,
        regions=reweighting.regions,
        bank_size=reweighting.bank_size,
        seed=seed,
        hidden=reweighting.adversary_hidden,
        sees=reweighting.adversary_sees,
        region_as=reweighting.adversary_region_as,
        sees_speaker=reweighting.adversary_sees_speaker,
        refit_every=reweighting.refit_every,
        warm_up_steps=round(reweighting.warm_up_share * recipe.training.steps),
        weighting=reweighting.weighting,
        largest_weight=reweighting.largest_weight,
        play=reweighting.play,
        adversary_steps=reweighting.adversary_steps,
    )


def number_groups(groups: list[str]) -> tuple[Tensor, Tensor]:
    """Return the number of each row's group, int64 (rows,), and the rows of each group, int64 (groups,)."""
    names = sorted(set(groups))
    numbers = torch.tensor([names.index(group) for group in groups])
    return numbers, torch.bincount(numbers, minlength=len(names))


def _build_loss(recipe: Recipe, speakers: int) -> EmbeddingLoss:
    settings = recipe.objective
    insertion = settings.insertion or "softmax"
    builders: dict[str, Callable[[], EmbeddingLoss]] = {
        "pair_logistic": PairLogistic,
        "angular_prototypical": lambda: AngularPrototypical(insertion=insertion),
        "generalized_end_to_end": lambda: GeneralizedEndToEnd(insertion=insertion),
        "aam_softmax": lambda: _classifier(recipe, speakers),
    }
    loss = builders[settings.loss]()
    if settings.classifier is None:
        return loss
    return LossSum([loss, _classifier(recipe, speakers)], [1.0, settings.classifier])


def _classifier(recipe: Recipe, speakers: int) -> AamSoftmax:
    return AamSoftmax(
        recipe.extractor.embedding_size,
        speakers,
        margin=recipe.objective.margin,
        scale=recipe.objective.classifier_scale,
    )
