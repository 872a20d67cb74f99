"""Embeddings of whole utterances, and the file that keeps them."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.manifests import Manifest, TrainedSpeakers
from svfair.scoring.checks import check_embeddings
from svfair.tables.facts import write_parquet
from svfair.tables.reading import is_parquet, read_parquet
from svfair.tables.writing import table_written

if TYPE_CHECKING:
    from svfair.extractors import EcapaExtractor

#: Recordings up to this length are embedded as a whole unless told otherwise, in seconds.
LONGEST_S = 300.0

#: Recordings whose samples are all smaller, a step of 16 bits, hold no voice.
_SILENT = 2.0**-15


def embed(
    extractor: "EcapaExtractor",
    manifest: Manifest,
    *,
    device: str = "cpu",
    longest_s: float = LONGEST_S,
    progress: Callable[[int], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> pl.DataFrame:
    """Embed every utterance of a manifest, each as a whole unless it is very long.

    Parameters
    ----------
    extractor
        Put into evaluation mode.
    manifest
        What to embed.
    device
        Where to run.
    longest_s
        Recordings of more seconds are cut into as few equal parts as are no longer; the embedding is the mean
        of the parts' unit-norm embeddings, at unit norm again. Memory grows with it, by about half a GiB a
        minute at 512 channels.
    progress
        Called with the number of utterances done.
    tell
        Takes a line on utterances that are silent: they have an embedding, which tells nothing of a voice.

    Returns
    -------
    polars.DataFrame
        `utterance_id`, `speaker_id` and `embedding`, a unit-norm float32 array of fixed size.

    Raises
    ------
    InputError
        When a file cannot be read, an utterance is too short for the extractor, an embedding is not finite
        or has no direction, or the device or `longest_s` cannot be used.
    """
    # Here, so that embeddings are read and scored without torch and audio.
    from svfair.scoring.utterances import check_durations, embed_recording, on_device

    extractor = on_device(extractor.eval(), device)
    shortest_s = extractor.shortest_samples / extractor.settings["sample_rate"]
    if not longest_s >= 2 * shortest_s:
        raise InputError(
            Parameter("longest_s"), f": {longest_s:g} s is too short; name {2 * shortest_s:g} s or more"
        )
    durations = check_durations(extractor, manifest)
    size = extractor.settings["embedding_size"]
    embeddings = np.empty((manifest.table.height, size), dtype=np.float32)
    silent = []
    for number, duration_s in enumerate(durations):
        parts = max(1, math.ceil(duration_s / longest_s))
        recording = manifest.recording(number)
        embeddings[number], peak = embed_recording(extractor, recording, duration_s, parts)
        if peak < _SILENT:
            silent.append(manifest.table["utterance_id"][number])
        if not (np.isfinite(embeddings[number]).all() and embeddings[number].any()):
            raise InputError(
                f"{manifest.source}: {manifest.place(number)}: the embedding of utterance "
                f"'{shown(manifest.table['utterance_id'][number])}' is not finite, or all zeros; look at "
                "its recording and at the extractor's weights"
            )
        if progress is not None:
            progress(number + 1)
    if silent and tell is not None:
        tell(
            f"{len(silent):,} of {manifest.table.height:,} utterances are silent, such as "
            f"'{shown(silent[0])}': their embeddings tell nothing of a voice."
        )
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

    Raises
    ------
    InputError
        When nobody could score them: see `check_embeddings`.
    """
    checked = check_embeddings(table)
    with table_written(path) as temporary:
        write_parquet(checked, temporary, trained_speakers.facts() if trained_speakers else None)


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
