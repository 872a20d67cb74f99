from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn import functional

from svfair.audio import read_audio
from svfair.errors import InputError
from svfair.extractors import EcapaExtractor
from svfair.manifests import read_manifest
from svfair.scoring import cosine_scores, embed, read_embeddings, write_embeddings

TRIALS = pl.DataFrame({"enrol": ["a", "b"], "test": ["c", "a"], "is_target": [True, False]})


def embeddings(**vectors: list[float]) -> pl.DataFrame:
    size = len(next(iter(vectors.values())))
    return pl.DataFrame(
        {"utterance_id": list(vectors), "embedding": list(vectors.values())},
        schema={"utterance_id": pl.String, "embedding": pl.Array(pl.Float32, size)},
    )


def test_score_is_the_cosine_in_the_order_of_the_trials() -> None:
    table = cosine_scores(embeddings(a=[1.0, 0.0], b=[0.0, 2.0], c=[3.0, 3.0]), TRIALS)
    assert table["score"].to_list() == pytest.approx([np.sqrt(0.5), 0.0])
    assert table.drop("score").equals(TRIALS)


def test_a_missing_embedding_is_named() -> None:
    with pytest.raises(InputError, match="1 utterances that have no embedding, the first is 'c'"):
        cosine_scores(embeddings(a=[1.0], b=[1.0]), TRIALS)


def test_embeds_whole_utterances(tones: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    extractor = EcapaExtractor(channels=8, embedding_size=6, mel_bands=16, attention_channels=8)
    manifest = read_manifest(tones)
    table = embed(extractor, manifest)
    assert table["utterance_id"].to_list() == manifest.table["utterance_id"].to_list()
    waveform = torch.from_numpy(read_audio(manifest.recording(3)))
    with torch.inference_mode():
        expected = functional.normalize(extractor(waveform[None])[0], dim=0)
    assert table["embedding"].to_numpy()[3] == pytest.approx(expected.numpy())
    write_embeddings(table, tmp_path / "e.parquet")
    assert read_embeddings(tmp_path / "e.parquet").equals(table)


def test_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    with pytest.raises(InputError, match=r"e.parquet: cannot be read as Parquet"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a"]}).write_parquet(path)
    with pytest.raises(InputError, match=r"no column 'embedding'; it has utterance_id"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a", "b"], "embedding": [[1.0], [1.0, 2.0]]}).write_parquet(path)
    with pytest.raises(InputError, match="differ in size"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a", "b"], "embedding": [[1.0], [2.0]]}).write_parquet(path)
    assert read_embeddings(path).schema["embedding"] == pl.Array(pl.Float64, 1)
