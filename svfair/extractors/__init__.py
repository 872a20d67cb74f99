"""Waveforms in, embeddings out."""

from svfair.extractors.ecapa import EcapaExtractor, load_extractor, save_extractor
from svfair.extractors.files import extractor_file

__all__ = ["EcapaExtractor", "extractor_file", "load_extractor", "save_extractor"]
