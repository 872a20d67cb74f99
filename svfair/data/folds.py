"""Speakers divided into parts, every stratum in the same proportion."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from svfair.errors import InputError


def divide_speakers(
    speakers: pl.DataFrame, shares: Sequence[float], *, stratify: Sequence[str] = (), seed: int = 0
) -> list[list[str]]:
    """Divide speakers into parts.

    Parameters
    ----------
    speakers
        One row a speaker: `speaker_id` and attributes. The order of rows does not matter.
    shares
        Share of each part; they add up to 1.
    stratify
        Attributes. Of every combination of their values, each part has its share to within one speaker.
    seed
        Of the draw.

    Returns
    -------
    list
        Speaker ids of each part, sorted.

    Raises
    ------
    InputError
        When a part would have no speaker.
    """
    random = np.random.default_rng(seed)
    share = np.array(shares, dtype=np.float64)
    owed = np.zeros(len(share))
    parts: list[list[str]] = [[] for _ in shares]
    for members in _strata(speakers, stratify):
        exact = share * len(members)
        sizes = np.floor(exact + 1e-9).astype(np.int64)
        fractions = exact - sizes
        owed += fractions
        # Who gets the speakers left over: the parts that earlier strata left shortest.
        candidates = random.permutation(np.flatnonzero(fractions > 1e-9))
        longest_owed = candidates[np.argsort(-owed[candidates], kind="stable")]
        chosen = longest_owed[: len(members) - sizes.sum()]
        sizes[chosen] += 1
        owed[chosen] -= 1
        shuffled = members[random.permutation(len(members)).tolist()]
        for part, ends, size in zip(parts, np.cumsum(sizes), sizes, strict=True):
            part.extend(shuffled[int(ends - size) : int(ends)])
    empty = [number for number, part in enumerate(parts, 1) if not part]
    if empty:
        raise InputError(
            f"part {empty[0]} of {len(parts)} has no speaker; there are {speakers.height} speakers"
        )
    return [sorted(part) for part in parts]


def fold_speakers(
    speakers: pl.DataFrame, folds: int, *, stratify: Sequence[str] = (), seed: int = 0
) -> list[tuple[list[str], list[str]]]:
    """Return training and held-out speakers of each fold; every speaker is held out once.

    Parameters and exceptions are those of `divide_speakers`, with `folds` equal shares.
    """
    parts = divide_speakers(speakers, [1 / folds] * folds, stratify=stratify, seed=seed)
    return [
        (sorted(name for other in parts if other is not held_out for name in other), held_out)
        for held_out in parts
    ]


def _strata(speakers: pl.DataFrame, stratify: Sequence[str]) -> list[pl.Series]:
    ordered = speakers.select("speaker_id", *stratify).sort("speaker_id")
    if not stratify:
        return [ordered["speaker_id"]]
    ordered = ordered.sort(list(stratify), maintain_order=True)
    return [part["speaker_id"] for part in ordered.partition_by(list(stratify), maintain_order=True)]
