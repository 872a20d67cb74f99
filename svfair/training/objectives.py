from collections.abc import Callable

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
        Training utterances of each group of `objective.method.groups`.

    Raises
    ------
    InputError
        When the method does not fit the loss, or cannot use one of its settings.
    """
    method = recipe.objective.method
    try:
        return make_objective(
            method.name,
            _build_loss(recipe, speakers),
            recipe.extractor.embedding_size,
            seed=recipe.seed,
            group_counts=group_counts,
            warm_up_steps=round(method.warm_up_share * recipe.training.steps),
            **method.settings(),
        )
    except ValueError as error:
        raise InputError(f"objective.method: {method.name}: {error}") from error


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
