"""One file a corpus: from what its publisher ships, or from nothing, to a manifest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from svfair.corpora.corpus import Corpus, Piece, by_pattern, no_speakers, option
from svfair.corpora.metadata import find_file, read_columns, require_columns
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.registry import CORPORA, load_corpus

if TYPE_CHECKING:
    from svfair.corpora.preparation.prepare import prepare
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

# What reads or writes audio is imported when it is asked for: what a corpus says of itself needs none.
_OF_AUDIO = {
    "prepare": "preparation.prepare",
    "SyntheticCorpus": "synthetic.corpus",
    "make_corpus": "synthetic.corpus",
}


def __getattr__(name: str) -> Any:
    if name not in _OF_AUDIO:
        raise AttributeError(f"svfair.corpora has no '{name}'")
    return getattr(import_module(f"svfair.corpora.{_OF_AUDIO[name]}"), name)
