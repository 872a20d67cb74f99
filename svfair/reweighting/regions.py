"""Regions of the embedding space: k-means over the embeddings that training saw last."""

import warnings

import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional

from svfair.losses.checks import check_embeddings
from svfair.losses.precision import at_least_float32, full_precision

#: Iterations of Lloyd's algorithm at most. Converged to the last embedding, a split serves no better.
FIRST_ITERATIONS, LATER_ITERATIONS = 100, 25


class Regions(nn.Module):
    """Split the unit sphere of embeddings into regions by k-means on a rolling bank.

    Parameters
    ----------
    count
        Number of regions K.
    embedding_size
        Size of an embedding.
    bank_size
        How many of the latest training embeddings are kept to fit on; at least `count`.
    seed
        Seed of the first fit.

    Notes
    -----
    Bank, centroids and counters are buffers: they travel in `state_dict`, so a resumed run goes on as it
    would have. A refit starts from the centroids at hand, and the new regions take the ids of the old ones
    that they lie nearest to (Hungarian assignment), so that what an adversary learned of a region stays
    valid. (Fitted from scratch, k-means ends in another of many equally good splits: most embeddings then
    change their region, however ids are matched.)
    """

    centroids: Tensor
    bank: Tensor
    added: Tensor
    fits: Tensor

    def __init__(self, count: int, embedding_size: int, *, bank_size: int = 4096, seed: int = 0) -> None:
        super().__init__()
        if count < 1:
            raise ValueError(f"at least one region is needed, not {count}")
        if embedding_size < 1:
            raise ValueError(f"embedding_size is at least 1, not {embedding_size}")
        if bank_size < count:
            raise ValueError(f"a bank of {bank_size} embeddings cannot be split into {count} regions")
        self.count = count
        self.seed = seed
        self.register_buffer("centroids", torch.zeros(count, embedding_size))
        self.register_buffer("bank", torch.zeros(bank_size, embedding_size))
        self.register_buffer("added", torch.zeros((), dtype=torch.int64))
        self.register_buffer("fits", torch.zeros((), dtype=torch.int64))

    @property
    def held(self) -> int:
        """How many embeddings the bank holds."""
        return min(int(self.added), len(self.bank))

    @property
    def is_fitted(self) -> bool:
        """Whether `refit` has run; before it, every embedding is in region 0."""
        return int(self.fits) > 0

    @torch.no_grad()
    def add(self, embeddings: Tensor) -> None:
        """Put a batch of embeddings, shape (batch, size), into the bank in place of the oldest.

        Those that are not finite are left out: the regions would not be finite either.
        """
        self._check(embeddings)
        embeddings = functional.normalize(embeddings.detach().to(self.bank.dtype), dim=-1)
        embeddings = embeddings[embeddings.isfinite().all(1)][-len(self.bank) :]
        slots = (self.added + torch.arange(len(embeddings), device=self.bank.device)) % len(self.bank)
        self.bank[slots] = embeddings
        self.added += len(embeddings)

    @torch.no_grad()
    def refit(self) -> None:
        """Fit the regions to the bank.

        Raises
        ------
        ValueError
            When the bank holds fewer embeddings than there are regions, or some that are not finite.
        """
        held = self.held
        if held < self.count:
            raise ValueError(f"{held} embeddings in the bank cannot be split into {self.count} regions")
        if not bool(self.bank[:held].isfinite().all()):
            raise ValueError("the bank holds embeddings that are not finite: training has diverged")
        # numpy has no bfloat16.
        old = at_least_float32(self.centroids).cpu()
        kmeans = KMeans(
            self.count,
            init=old.numpy() if self.is_fitted else "k-means++",
            n_init=1,
            max_iter=LATER_ITERATIONS if self.is_fitted else FIRST_ITERATIONS,
            random_state=self.seed % 2**32,  # it takes no larger one
        )
        # On several threads k-means adds up in the order in which they finish, and one seed would not give
        # one result.
        with threadpool_limits(1), warnings.catch_warnings():
            # Fewer distinct embeddings than regions: some centroids then coincide, and their regions but the
            # first stay empty until a later fit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            kmeans.fit(at_least_float32(self.bank[:held]).cpu().numpy())
        found = torch.from_numpy(kmeans.cluster_centers_)
        if self.is_fitted:
            _, order = linear_sum_assignment(torch.cdist(old, found.to(old)).numpy())
            found = found[torch.from_numpy(order)]
        self.centroids.copy_(found)
        self.fits += 1

    @torch.no_grad()
    def forward(self, embeddings: Tensor) -> Tensor:
        """Return the region of each embedding: (batch, size) to int64 (batch,)."""
        self._check(embeddings)
        if not self.is_fitted:
            return torch.zeros(len(embeddings), dtype=torch.int64, device=embeddings.device)
        with full_precision(embeddings):
            centroids = at_least_float32(self.centroids)
            unit = functional.normalize(embeddings.detach().to(centroids.dtype), dim=-1)
            return torch.cdist(unit, centroids).argmin(1)

    def _check(self, embeddings: Tensor) -> None:
        check_embeddings(embeddings, self.bank.shape[1], self.bank.device)
