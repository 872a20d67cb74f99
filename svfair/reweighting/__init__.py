"""Adversarial reweighting of a metric-learning loss. Needs torch and scikit-learn; nothing of audio."""

from svfair.reweighting.adversary import Adversary
from svfair.reweighting.formulations import FORMULATIONS, pairwise
from svfair.reweighting.health import Health
from svfair.reweighting.min_max import AdversarialReweighting
from svfair.reweighting.regions import Regions
from svfair.reweighting.weights import sample_weights

__all__ = [
    "FORMULATIONS",
    "AdversarialReweighting",
    "Adversary",
    "Health",
    "Regions",
    "pairwise",
    "sample_weights",
]
