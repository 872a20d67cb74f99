"""Splits by speaker: nobody is on both sides."""

from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from svfair.data.manifest import Manifest
from svfair.errors import InputError


def hold_out_speakers(
    speakers: pl.DataFrame, *, share: float, stratify: Sequence[str] = (), seed: int = 0
) -> tuple[list[str], list[str]]:
    """Hold out a share of the speakers.

    Parameters
    ----------
    speakers
        One row a speaker: `speaker_id` and attributes. The order of rows does not matter.
    share
        Share to hold out, in (0, 1).
    stratify
        Attributes whose every combination is split in the same proportion, as far as whole speakers allow.
    seed
        Of the draw.

    Returns
    -------
    training, held_out
        Speaker ids, sorted.

    Raises
    ------
    InputError
        When an attribute is not there, or a side would be empty.
    """
    missing = [name for name in stratify if name not in speakers.columns]
    if missing:
        raise InputError(
            f"data.stratify: no attribute '{missing[0]}'; the manifest has {', '.join(speakers.columns[1:])}"
        )
    random = np.random.default_rng(seed)
    ordered = speakers.select("speaker_id", *stratify).sort("speaker_id")
    shuffled = ordered[random.permutation(ordered.height)]
    # Sorted by stratum, every stretch of 1 / share speakers gives one; strata keep their share to within one.
    by_stratum = shuffled.sort(list(stratify), maintain_order=True) if stratify else shuffled
    position = np.arange(by_stratum.height) * share + random.random()
    is_held_out = np.floor(position + share) > np.floor(position)
    held_out = by_stratum.filter(pl.Series(is_held_out))["speaker_id"]
    training = by_stratum.filter(pl.Series(~is_held_out))["speaker_id"]
    if not (len(held_out) and len(training)):
        raise InputError(f"data.held_out_share: {share} of {speakers.height} speakers leaves a side empty")
    return sorted(training), sorted(held_out)


def select_speakers(manifest: Manifest, speaker_ids: Collection[str]) -> Manifest:
    """Return the part of a manifest that belongs to some speakers."""
    table = manifest.table.filter(pl.col("speaker_id").is_in(list(speaker_ids)))
    return Manifest(table, manifest.audio_root, manifest.source)
