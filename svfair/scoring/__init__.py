"""From recordings and an extractor to the scores of trials; scores of embeddings need no torch."""

from svfair.scoring.cosine import cosine_scores
from svfair.scoring.embeddings import embed, read_embeddings, write_embeddings
from svfair.scoring.scores import write_scores
from svfair.scoring.speakers import with_speakers

__all__ = [
    "cosine_scores",
    "embed",
    "read_embeddings",
    "with_speakers",
    "write_embeddings",
    "write_scores",
]
