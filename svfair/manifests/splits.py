"""Speakers divided into parts, every stratum in the same proportion; nobody is in two."""

from collections.abc import Sequence
from fractions import Fraction
from math import isclose

import numpy as np
import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.manifests.groups import check_has
from svfair.manifests.ratios import apportion, exact_parts
from svfair.tables.frames import check_once, check_texts


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
        When a column is not there, a speaker is missing or has two rows, shares do not add up to 1, or a part
        would have no speaker.
    """
    _check(speakers, stratify)
    if not shares or not all(share > 0 for share in shares) or not isclose(sum(shares), 1, abs_tol=1e-9):
        raise InputError(Parameter("shares"), f": are above 0 and add up to 1, not {shown(list(shares))}")
    random = np.random.default_rng(seed)
    # Who gets the speakers left over: the parts that earlier strata left shortest.
    owed = [Fraction(0)] * len(shares)
    parts: list[list[str]] = [[] for _ in shares]
    for members in _strata(speakers, stratify):
        sizes = apportion(len(members), shares, owed=owed, random=random).tolist()
        exact = exact_parts(len(members), shares)
        owed = [due + part - size for due, part, size in zip(owed, exact, sizes, strict=True)]
        shuffled = iter(members[random.permutation(len(members)).tolist()])
        for part, size in zip(parts, sizes, strict=True):
            part.extend(next(shuffled) for _ in range(size))
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
    if folds < 2:
        raise InputError(Parameter("folds"), f": must be at least 2, not {folds}")
    parts = divide_speakers(speakers, [1 / folds] * folds, stratify=stratify, seed=seed)
    return [
        (sorted(name for other in parts if other is not held_out for name in other), held_out)
        for held_out in parts
    ]


def hold_out_speakers(
    speakers: pl.DataFrame, *, share: float, stratify: Sequence[str] = (), seed: int = 0
) -> tuple[list[str], list[str]]:
    """Return training and held-out speakers, a `share` in (0, 1) of them held out.

    Parameters are those of `divide_speakers`.

    Raises
    ------
    InputError
        When a column is not there, a speaker is missing or has two rows, or a side would be empty.
    """
    _check(speakers, stratify)
    try:
        training, held_out = divide_speakers(speakers, [1 - share, share], stratify=stratify, seed=seed)
    except InputError as error:
        raise InputError(
            Parameter("held_out_share"), f": {share} of {speakers.height} speakers leaves a side empty"
        ) from error
    return training, held_out


def _check(speakers: pl.DataFrame, stratify: Sequence[str]) -> None:
    check_texts(speakers, ["speaker_id"], "speakers")
    check_has(speakers, stratify, "stratify")
    check_once(speakers, "speaker_id", "speakers", "give one row a speaker")


def _strata(speakers: pl.DataFrame, stratify: Sequence[str]) -> list[pl.Series]:
    ordered = speakers.select("speaker_id", *stratify).sort("speaker_id")
    if not stratify:
        return [ordered["speaker_id"]]
    ordered = ordered.sort(list(stratify), maintain_order=True)
    return [part["speaker_id"] for part in ordered.partition_by(list(stratify), maintain_order=True)]
