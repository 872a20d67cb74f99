"""Every method by its name: the formulations of adversarial reweighting, and what to compare them with."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter, signature
from typing import Any

import torch
from torch import Tensor

from svfair.losses import EmbeddingLoss
from svfair.reweighting.adversary import Adversary, RegionAs, Sees
from svfair.reweighting.controls import (
    ChiSquareDro,
    ConditionalValueAtRisk,
    Focal,
    GroupDro,
    InverseGroupFrequency,
    VarianceOfRisks,
)
from svfair.reweighting.formulations import FORMULATIONS, Accumulated, Pairwise
from svfair.reweighting.min_max import AdversarialReweighting
from svfair.reweighting.objective import Objective, PlainTraining
from svfair.reweighting.regions import Regions


@dataclass(frozen=True)
class Setup:
    """What all methods are built from; each takes what it needs of it.

    Parameters
    ----------
    embedding_size
        Size of an embedding.
    regions, bank_size, seed
        See `Regions`.
    hidden, sees, region_as, sees_speaker
        See `Adversary`; `pseudo_label` and `arl` decide by themselves what theirs sees.
    group_counts
        Shape (groups,): training utterances of each true group; for the oracles.
    warm_up_steps, refit_every, gather
        See `Objective`.
    """

    embedding_size: int
    regions: int = 16
    bank_size: int = 4096
    seed: int = 0
    hidden: int | None = None
    sees: Sees = "both"
    region_as: RegionAs = "one_hot"
    sees_speaker: bool = False
    group_counts: Tensor | None = None
    warm_up_steps: int = 0
    refit_every: int = 100
    gather: bool = False


Build = Callable[..., Objective]


def make_objective(method: str, loss: EmbeddingLoss, setup: Setup | int, **settings: Any) -> Objective:
    """Build the objective of a method.

    Parameters
    ----------
    method
        A key of `METHODS`.
    loss
        The loss that is lowered.
    setup
        What the method is built from; an int is an embedding size, with defaults for the rest.
    settings
        Fields of `Setup` to set, and whatever else the method's class takes: `play="simultaneous"` or
        `largest_weight=4` for adversarial reweighting, `share=0.2` for `cvar`, and so on.

    Raises
    ------
    ValueError
        When there is no such method, or it does not fit the loss or the setup.
    TypeError
        When the method does not take a setting.
    """
    known = settings_of(method)
    for name in settings:
        if name not in known:
            raise TypeError(
                f"method '{method}' does not take the setting '{name}'; it takes {', '.join(known)}"
            )
    if isinstance(setup, int):
        setup = Setup(setup)
    shared = {name: settings.pop(name) for name in list(settings) if name in Setup.__dataclass_fields__}
    return METHODS[method](loss, replace(setup, **shared), **settings)


def settings_of(method: str) -> dict[str, Parameter]:
    """Return what can be set of a method, each with its type (`annotation`) and `default`.

    The fields of `Setup`, and then what the method's own class takes. What makes a method the one of its
    name is not among them.

    Raises
    ------
    ValueError
        When there is no such method.
    """
    if method not in METHODS:
        raise ValueError(f"method '{method}' is none of {', '.join(METHODS)}")
    builder = METHODS[method]
    found = dict(signature(Setup).parameters)
    for source in (builder.func, builder.keywords["build"]):
        for name, parameter in signature(source).parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and name not in builder.keywords:
                found.setdefault(name, parameter)
    return found


def _adversarial(
    loss: EmbeddingLoss, setup: Setup, *, build: Build, formulation: str, **settings: Any
) -> Objective:
    weighted = FORMULATIONS[formulation](loss)
    sees = weighted.adversary_sees or setup.sees
    adversary = Adversary(
        setup.embedding_size,
        setup.regions,
        hidden=setup.hidden,
        sees=sees,
        region_as=setup.region_as,
        sees_speaker=setup.sees_speaker and weighted.adversary_sees is None,
    )
    return build(weighted, adversary, _regions(setup), **_schedule(setup), **settings)


def _random_weights(
    loss: EmbeddingLoss, setup: Setup, *, build: Build, spread: float = 1.0, **settings: Any
) -> Objective:
    if not 0 < spread < math.inf:
        raise ValueError(f"spread must be positive, not {spread}: without it all weights are equal")
    weighted = Pairwise(loss) if any(part.has_pairs for _, part in loss.parts) else Accumulated(loss)
    adversary = Adversary(setup.embedding_size, setup.regions, initial_spread=spread)
    return build(weighted, adversary, _regions(setup), **_schedule(setup), **settings)


def _arl(loss: EmbeddingLoss, setup: Setup, *, build: Build, **settings: Any) -> Objective:
    adversary = Adversary(setup.embedding_size, 0, hidden=setup.hidden, sees="embedding")
    return build(Accumulated(loss), adversary, None, **_schedule(setup), **settings)


def _plain(loss: EmbeddingLoss, setup: Setup, *, build: Build, **settings: Any) -> Objective:
    return build(loss, gather=setup.gather, **settings)


def _over_rows(loss: EmbeddingLoss, setup: Setup, *, build: Build, **settings: Any) -> Objective:
    return build(loss, warm_up_steps=setup.warm_up_steps, gather=setup.gather, **settings)


def _over_regions(loss: EmbeddingLoss, setup: Setup, *, build: Build, **settings: Any) -> Objective:
    return build(loss, _regions(setup), **_schedule(setup), **settings)


def _over_groups(loss: EmbeddingLoss, setup: Setup, *, build: Build, **settings: Any) -> Objective:
    counts = _group_counts(setup)
    return build(loss, len(counts), **_schedule(setup), **settings)


def _inverse_frequency(loss: EmbeddingLoss, setup: Setup, *, build: Build) -> Objective:
    return build(loss, _group_counts(setup), warm_up_steps=setup.warm_up_steps, gather=setup.gather)


def _group_counts(setup: Setup) -> Tensor:
    if setup.group_counts is None:
        raise ValueError("a method over true groups needs group_counts, the training utterances of each")
    return torch.as_tensor(setup.group_counts)


def _regions(setup: Setup) -> Regions:
    return Regions(setup.regions, setup.embedding_size, bank_size=setup.bank_size, seed=setup.seed)


def _schedule(setup: Setup) -> dict[str, Any]:
    return {
        "warm_up_steps": setup.warm_up_steps,
        "refit_every": setup.refit_every,
        "gather": setup.gather,
    }


_GAME = AdversarialReweighting
_SMOOTHED = partial(GroupDro, smoothing=0.5)

#: `build` takes the settings that are not those of `Setup`; what else is given here cannot be set.
METHODS: Mapping[str, partial[Objective]] = {
    "plain": partial(_plain, build=PlainTraining, learning_rate_factor=1.0),
    "plain_doubled_rate": partial(_plain, build=PlainTraining, learning_rate_factor=2.0),
    **{name: partial(_adversarial, build=_GAME, formulation=name) for name in FORMULATIONS},
    "random_weights": partial(_random_weights, build=_GAME, adversary_steps=0),
    "arl": partial(_arl, build=partial(_GAME, weighting="literal")),
    "cvar": partial(_over_rows, build=ConditionalValueAtRisk),
    "focal": partial(_over_rows, build=Focal),
    "chi_square": partial(_over_rows, build=ChiSquareDro),
    "group_dro_regions": partial(_over_regions, build=GroupDro),
    "smoothed_group_dro_regions": partial(_over_regions, build=_SMOOTHED),
    "v_rex_regions": partial(_over_regions, build=VarianceOfRisks),
    "group_dro_oracle": partial(_over_groups, build=GroupDro),
    "smoothed_group_dro_oracle": partial(_over_groups, build=_SMOOTHED),
    "inverse_frequency_oracle": partial(_inverse_frequency, build=InverseGroupFrequency),
}

#: Methods that are given the true groups, which a fair method may not know.
ORACLES = frozenset(name for name in METHODS if name.endswith("_oracle"))
