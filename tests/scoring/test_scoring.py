from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn import functional

from svfair.audio import read_audio
from svfair.errors import InputError
from svfair.extractors import EcapaExtractor
from svfair.manifests import TrainedSpeakers, read_manifest, read_trained_speakers
from svfair.scoring import (
    cosine_scores,
    embed,
    read_embeddings,
    with_speakers,
    write_embeddings,
    write_scores,
)
from svfair.trials import read_scores

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
    assert table.select("utterance_id", "speaker_id").equals(
        manifest.table.select("utterance_id", "speaker_id")
    )
    waveform = torch.from_numpy(read_audio(manifest.recording(3)))
    with torch.inference_mode():
        expected = functional.normalize(extractor(waveform[None])[0], dim=0)
    assert table["embedding"].to_numpy()[3] == pytest.approx(expected.numpy())
    write_embeddings(table, tmp_path / "e.parquet")
    assert read_embeddings(tmp_path / "e.parquet").equals(table)


def test_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    with pytest.raises(InputError, match=r"e.parquet: cannot be read \(.*No such file"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a"]}).write_parquet(path)
    with pytest.raises(InputError, match=r"no column 'embedding'; it has utterance_id"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a", "b"], "embedding": [[1.0], [1.0, 2.0]]}).write_parquet(path)
    with pytest.raises(InputError, match="differ in size"):
        read_embeddings(path)
    pl.DataFrame({"utterance_id": ["a", "b"], "embedding": [[1.0], [2.0]]}).write_parquet(path)
    assert read_embeddings(path).schema["embedding"] == pl.Array(pl.Float64, 1)


def test_scores_carry_the_speakers_of_both_sides_where_all_are_known() -> None:
    table = embeddings(a=[1.0, 0.0], b=[0.0, 2.0], c=[3.0, 3.0])
    scores = cosine_scores(table, TRIALS)
    assert with_speakers(scores, table).equals(scores)
    known = table.with_columns(speaker_id=pl.Series(["x", "y", "x"]))
    told = with_speakers(scores, known)
    assert told.drop("enrol_speaker", "test_speaker").equals(scores)
    assert told.select("enrol_speaker", "test_speaker").rows() == [("x", "x"), ("y", "x")]
    one_is_not = table.with_columns(speaker_id=pl.Series(["x", None, "x"]))
    assert with_speakers(scores, one_is_not).equals(scores)


@pytest.mark.parametrize("name", ["s.parquet", "s.csv", "s.txt"])
def test_scores_with_speakers_are_read_in_every_format(tmp_path: Path, name: str) -> None:
    table = embeddings(a=[1.0, 0.0], b=[0.0, 2.0], c=[3.0, 3.0])
    scores = cosine_scores(table, TRIALS)
    told = with_speakers(scores, table.with_columns(speaker_id=pl.Series(["x", "y", "x"])))
    trained = TrainedSpeakers.of(["x"])
    plain = write_scores(scores, tmp_path / f"plain-{name}")
    assert write_scores(told, tmp_path / name, trained_speakers=trained) == plain
    assert read_scores(tmp_path / name).equals(scores)
    # Only Parquet has a place for it.
    expected = trained if name == "s.parquet" else None
    assert read_trained_speakers(tmp_path / name) == expected
