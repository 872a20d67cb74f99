"""One file a corpus: from what its publisher ships, or from nothing, to a manifest."""

from svfair.corpora.corpus import Corpus, Piece, by_pattern, no_speakers, option
from svfair.corpora.metadata import find_file, read_columns, require_columns
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.registry import CORPORA, load_corpus
from svfair.corpora.synthetic.corpus import SyntheticCorpus, make_corpus

__all__ = [
    "CORPORA",
    "Corpus",
    "Options",
    "Piece",
    "Prepared",
    "SyntheticCorpus",
    "by_pattern",
    "find_file",
    "load_corpus",
    "make_corpus",
    "no_speakers",
    "option",
    "prepare",
    "read_columns",
    "require_columns",
]
