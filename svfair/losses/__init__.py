"""Metric-learning losses over embeddings and labels. Needs torch alone."""

from svfair.losses.angular_prototypical import AngularPrototypical
from svfair.losses.comparisons import Comparisons
from svfair.losses.pair_logistic import PairLogistic
from svfair.losses.pair_loss import CosineScore, PairLoss

__all__ = ["AngularPrototypical", "Comparisons", "CosineScore", "PairLogistic", "PairLoss"]
