"""Embeddings of whole utterances, and the file that keeps them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from svfair.errors import InputError, shown
from svfair.manifests import Manifest
from svfair.scoring.checks import check_embeddings
from svfair.tables.reading import is_parquet, read_parquet
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
        `utterance_id` and `embedding`, a unit-norm float32 array of fixed size.

    Raises
    ------
    InputError
        When a file cannot be read, or the extractor makes no direction of one.
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
        if not (np.isfinite(embeddings[number]).all() and embeddings[number].any()):
            utterance = shown(manifest.table["utterance_id"][number])
            raise InputError(
                f"{manifest.source}: the extractor's embedding of '{utterance}' is not finite, or all zeros; "
                "check its audio, and whether the training diverged"
            )
        if progress is not None:
            progress(number + 1)
    return pl.DataFrame(
        {"utterance_id": manifest.table["utterance_id"], "embedding": embeddings},
        schema={"utterance_id": pl.String, "embedding": pl.Array(pl.Float32, size)},
    )


def write_embeddings(table: pl.DataFrame, path: Path) -> None:
    """Write embeddings as Parquet, whole or not at all.

    Raises
    ------
    InputError
        When nobody could score them: see `check_embeddings`.
    """
    checked = check_embeddings(table)
    with table_written(path) as temporary:
        checked.write_parquet(temporary)


def read_embeddings(path: Path) -> pl.DataFrame:
    """Read a Parquet file with columns `utterance_id` and `embedding`.

    Raises
    ------
    InputError
        When the file is missing, is no Parquet file, or its embeddings cannot be scored: see
        `check_embeddings`.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the Parquet file of embeddings in it")
    if path.is_file() and not is_parquet(path):
        raise InputError(
            f"{path}: is no Parquet file; embeddings are read from Parquet with columns utterance_id and "
            "embedding"
        )
    return check_embeddings(read_parquet(path), path)
