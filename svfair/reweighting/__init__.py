"""Reweighting of a metric-learning loss. Needs torch and scikit-learn; nothing of audio."""

from svfair.reweighting.adversary import Adversary
from svfair.reweighting.controls import (
    ChiSquareDro,
    ConditionalValueAtRisk,
    Focal,
    GroupDro,
    InverseGroupFrequency,
    VarianceOfRisks,
)
from svfair.reweighting.diagnostics import Diagnostics
from svfair.reweighting.formulations import (
    FORMULATIONS,
    Accumulated,
    Pairwise,
    PseudoLabel,
    WeightedLoss,
    pair_weights,
)
from svfair.reweighting.methods import METHODS, ORACLES, Setup, make_objective, settings_of
from svfair.reweighting.min_max import AdversarialReweighting
from svfair.reweighting.objective import Objective, PlainTraining
from svfair.reweighting.regions import Regions
from svfair.reweighting.weights import clip_weights, sample_weights

__all__ = [
    "FORMULATIONS",
    "METHODS",
    "ORACLES",
    "Accumulated",
    "AdversarialReweighting",
    "Adversary",
    "ChiSquareDro",
    "ConditionalValueAtRisk",
    "Diagnostics",
    "Focal",
    "GroupDro",
    "InverseGroupFrequency",
    "Objective",
    "Pairwise",
    "PlainTraining",
    "PseudoLabel",
    "Regions",
    "Setup",
    "VarianceOfRisks",
    "WeightedLoss",
    "clip_weights",
    "make_objective",
    "pair_weights",
    "sample_weights",
    "settings_of",
]
