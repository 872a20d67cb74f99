"""Metric-learning losses over embeddings and labels. Needs torch alone."""

from svfair.losses.aam_softmax import AamSoftmax
from svfair.losses.angular_prototypical import AngularPrototypical
from svfair.losses.comparisons import Comparisons
from svfair.losses.cosine_score import CosineScore
from svfair.losses.embedding_loss import EmbeddingLoss, SingleLoss
from svfair.losses.generalized_end_to_end import GeneralizedEndToEnd
from svfair.losses.insertion import INSERTIONS, Insertion
from svfair.losses.loss_sum import LossSum
from svfair.losses.pair_logistic import PairLogistic

__all__ = [
    "INSERTIONS",
    "AamSoftmax",
    "AngularPrototypical",
    "Comparisons",
    "CosineScore",
    "EmbeddingLoss",
    "GeneralizedEndToEnd",
    "Insertion",
    "LossSum",
    "PairLogistic",
    "SingleLoss",
]
