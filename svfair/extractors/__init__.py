"""Waveforms in, embeddings out."""

from svfair.extractors.ecapa import EcapaExtractor, load_extractor, save_extractor

__all__ = ["EcapaExtractor", "load_extractor", "save_extractor"]
