"""Embeddings of whole utterances, and the file that keeps them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from svfair.errors import InputError
from svfair.manifests import Manifest, TrainedSpeakers
from svfair.tables.facts import write_parquet
from svfair.tables.writing import table_written

if TYPE_CHECKING:
    from svfair.extractors import EcapaExtractor


def embed(
    extractor: "EcapaExtractor",
    manifest: Manifest,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> pl.DataFrame:
    """Embed every utterance of a manifest, each as a whole.

    Parameters
    ----------
    extractor
        Put into evaluation mode.
    manifest
        What to embed.
    device
        Where to run.
    progress
        Called with the number of utterances done.

    Returns
    -------
    polars.DataFrame
        `utterance_id`, `speaker_id` and `embedding`, a unit-norm float32 array of fixed size.

    Raises
    ------
    InputError
        When a file cannot be read.
    """
    # Here, so that embeddings are read and scored without torch and audio.
    import torch
    from torch.nn import functional

    from svfair.audio import read_audio

    extractor = extractor.eval().to(device)
    rate, size = extractor.settings["sample_rate"], extractor.settings["embedding_size"]
    embeddings = np.empty((manifest.table.height, size), dtype=np.float32)
    for number in range(manifest.table.height):
        waveform = torch.from_numpy(read_audio(manifest.recording(number), sample_rate=rate)).to(device)
        with torch.inference_mode():
            embeddings[number] = functional.normalize(extractor(waveform[None])[0], dim=0).cpu().numpy()
        if progress is not None:
            progress(number + 1)
    return pl.DataFrame(
        manifest.table.select("utterance_id", "speaker_id").to_dict() | {"embedding": embeddings},
        schema={"utterance_id": pl.String, "speaker_id": pl.String, "embedding": pl.Array(pl.Float32, size)},
    )


def write_embeddings(
    table: pl.DataFrame, path: Path, *, trained_speakers: TrainedSpeakers | None = None
) -> None:
    """Write embeddings as Parquet, whole or not at all.

    Parameters
    ----------
    table
        From `embed`.
    path
        The file.
    trained_speakers
        The extractor's, kept in the file's metadata as `svfair.trained_speakers`.
    """
    with table_written(path) as temporary:
        write_parquet(table, temporary, trained_speakers.facts() if trained_speakers else None)


def read_embeddings(path: Path) -> pl.DataFrame:
    """Read a Parquet file with columns `utterance_id` and `embedding`.

    Raises
    ------
    InputError
        When the file is missing, is no Parquet file, lacks a column, or its embeddings differ in size.
    """
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    missing = {"utterance_id", "embedding"} - set(table.columns)
    if missing:
        raise InputError(f"{path}: no column '{min(missing)}'; it has {', '.join(table.columns)}")
    if isinstance(table.schema["embedding"], pl.List):
        sizes = table["embedding"].list.len().unique()
        if len(sizes) != 1:
            raise InputError(f"{path}: embeddings differ in size (there are sizes {sorted(sizes)})")
        return table.with_columns(pl.col("embedding").list.to_array(int(sizes[0])))
    return table
