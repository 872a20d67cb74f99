import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from svfair.losses.checks import check_embeddings
from svfair.losses.comparisons import Comparisons
from svfair.losses.embedding_loss import SingleLoss


class AamSoftmax(SingleLoss):
    """Additive angular margin softmax over the training speakers, with its classifier.

    Cross-entropy of scale * cos(theta + margin) for the speaker's own class against scale * cos(theta) for
    the others (Deng et al., "ArcFace", CVPR 2019). Past theta = pi - margin, where cos(theta + margin) would
    rise again, it goes on as cos(theta) - margin * sin(margin), as in ArcFace's code.

    It compares utterances with classes, so it has sample weights but no pair weights.

    Parameters
    ----------
    embedding_size
        Size of an embedding.
    speakers
        Number of training speakers; labels are 0 to speakers - 1.
    margin
        In radians.
    scale
        Fixed factor of the cosines.
    """

    has_pairs = False

    def __init__(
        self, embedding_size: int, speakers: int, *, margin: float = 0.2, scale: float = 30.0
    ) -> None:
        super().__init__()
        if not 0 <= margin < math.pi:
            raise ValueError(f"margin is an angle of at least 0 and less than pi, not {margin}")
        if not 0 < scale < math.inf:
            raise ValueError(f"scale must be positive, not {scale}")
        if embedding_size < 1 or speakers < 1:
            raise ValueError(
                f"embedding_size and speakers are at least 1, not {embedding_size} and {speakers}"
            )
        self.margin = margin
        self.scale = scale
        self.weight = nn.Parameter(torch.empty(speakers, embedding_size))
        nn.init.xavier_uniform_(self.weight)

    def _compare(self, embeddings: Tensor, labels: Tensor) -> Comparisons:
        check_embeddings(embeddings, self.weight.shape[1], self.weight.device)
        if int(labels.min()) < 0 or int(labels.max()) >= len(self.weight):
            raise ValueError(
                f"labels run from {int(labels.min())} to {int(labels.max())}, "
                f"but the classifier has speakers 0 to {len(self.weight) - 1}"
            )
        weight = self.weight.to(embeddings.dtype)
        cosine = functional.normalize(embeddings) @ functional.normalize(weight).T
        is_own = functional.one_hot(labels, len(weight)).bool()
        # The root has no derivative at 0: an embedding on its class centre would get a NaN gradient.
        sine = (1 - cosine**2).clamp(min=torch.finfo(cosine.dtype).eps).sqrt()
        shifted = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = cosine - self.margin * math.sin(self.margin)
        own = torch.where(cosine > -math.cos(self.margin), shifted, beyond)
        return Comparisons(
            self.scale * torch.where(is_own, own, cosine),
            is_target=is_own,
            is_used=torch.ones_like(is_own),
            row_samples=torch.arange(len(labels), device=labels.device),
        )

    def row_losses(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
        """Return the cross-entropy of each utterance.

        Raises
        ------
        ValueError
            When there are weights: a class of a classifier is no sample.
        """
        if weights is not None:
            raise ValueError("AAM-softmax compares utterances with classes: it takes no pair weights")
        return functional.cross_entropy(
            comparisons.scores, comparisons.is_target.to(torch.int64).argmax(1), reduction="none"
        )
