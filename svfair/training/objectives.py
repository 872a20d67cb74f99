from torch import nn

from svfair.losses import AngularPrototypical, PairLogistic, PairLoss
from svfair.reweighting import AdversarialReweighting, Adversary, Regions
from svfair.training.configuration import Recipe

LOSSES: dict[str, type[PairLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
}


def build_objective(recipe: Recipe) -> PairLoss | AdversarialReweighting:
    """Build the loss of a recipe and, where it asks for it, adversarial reweighting around it."""
    loss = LOSSES[recipe.objective.loss]()
    settings = recipe.objective.reweighting
    if settings is None:
        return loss
    size = recipe.extractor.embedding_size
    return AdversarialReweighting(
        loss,
        Adversary(size, settings.regions, hidden=settings.adversary_hidden, sees=settings.adversary_sees),
        Regions(settings.regions, size, bank_size=settings.bank_size, seed=recipe.seed),
        formulation=settings.formulation,
        weighting=settings.weighting,
        warm_up_steps=round(settings.warm_up_share * recipe.training.steps),
        refit_every=settings.refit_every,
        adversary_steps=settings.adversary_steps,
    )


def trained_by_extractor(objective: nn.Module) -> list[nn.Parameter]:
    """Return the objective's parameters that the minimising side trains: those of the loss."""
    loss = objective.loss if isinstance(objective, AdversarialReweighting) else objective
    return list(loss.parameters())
