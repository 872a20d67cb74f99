import polars as pl

from svfair.manifests.utterance_match import match_utterances


def test_ids_are_found_with_another_suffix_or_none() -> None:
    known = pl.Series(["a/1.wav", "a/2.flac", "a/3", "b/v1.2", "b/4.wav", "b/4.flac"])
    listed = pl.Series(["a/1.wav", "a/2.wav", "a/3.wav", "b/v1.2", "b/4.m4a", "c/9.wav", "a/1.wav"])
    found = match_utterances(listed, known)
    assert found.rows() == [
        ("a/1.wav", "a/1.wav", False),
        ("a/2.wav", "a/2.flac", True),
        ("a/3.wav", "a/3", True),
        ("b/4.m4a", None, False),
        ("b/v1.2", "b/v1.2", False),
        ("c/9.wav", None, False),
    ]
    assert match_utterances(listed.head(0), known).height == 0
