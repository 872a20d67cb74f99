"""Speakers in a given ratio of groups, as in VoxCeleb2-GRC."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf, lcm
from numbers import Integral

import numpy as np
import numpy.typing as npt
import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.tables.frames import check_columns, check_once, check_texts

IntArray = npt.NDArray[np.int64]

#: What a group counts in a ratio, such as 1 and 9.
Ratio = Mapping[str, Fraction]


def speakers_in_ratio(
    groups: pl.DataFrame, ratio: Ratio, *, total: int | None = None, seed: int = 0
) -> dict[str, list[str]]:
    """Draw speakers so that groups are in a ratio.

    Of one seed, more speakers of a group contain the fewer: the sets of 1:9 and 2:8 share what they can.

    Parameters
    ----------
    groups
        `speaker_id` and `group`, one row a speaker. The order of rows does not matter.
    ratio
        Positive number of each group; groups that are not named are left out.
    total
        Speakers in all; by default the most with which this ratio and its mirror images are all possible.
    seed
        Of the draw.

    Raises
    ------
    InputError
        When a column or a group is not there, a speaker is missing or has two rows, a number is not positive,
        or a group has too few speakers.
    """
    check_columns(check_texts(groups, ["speaker_id"], "groups"), ["group"], "groups")
    check_once(groups, "speaker_id", "groups", "give one row a speaker")
    if not ratio or not all(0 < part < inf for part in ratio.values()):
        raise InputError(Parameter("ratio"), f": has a positive number for each group, not {shown(ratio)}")
    members = {
        name: groups.filter(pl.col("group") == name)["speaker_id"].sort().to_list() for name in sorted(ratio)
    }
    absent = [name for name, speakers in members.items() if not speakers]
    if absent:
        found = ", ".join(groups["group"].drop_nulls().unique().sort())
        raise InputError(Parameter("ratio"), f": no speaker is '{absent[0]}'; found {found}")
    if total is None:
        total = largest_total({name: len(speakers) for name, speakers in members.items()}, ratio)
    wanted = shares_in_ratio(total, ratio)
    random = np.random.default_rng(seed)
    drawn = {}
    for name, speakers in members.items():
        if wanted[name] > len(speakers):
            raise InputError(
                Parameter("speakers"),
                f": {total} in this ratio need {wanted[name]} of '{name}', and there are {len(speakers)}; "
                "the largest total is smaller",
            )
        order = random.permutation(len(speakers))
        drawn[name] = [speakers[place] for place in order[: wanted[name]]]
    few = [name for name, count in wanted.items() if not count]
    if few:
        raise InputError(Parameter("speakers"), f": {total} in this ratio leave no speaker of '{few[0]}'")
    return drawn


def largest_total(sizes: Mapping[str, int], ratio: Ratio) -> int:
    """Return the most speakers with which a ratio is possible whichever group takes whichever part of it.

    Raises
    ------
    InputError
        When not even the smallest total is possible.
    """
    factor = lcm(*(part.denominator for part in ratio.values()))
    parts = [int(part * factor) for part in ratio.values()]
    divisor = int(np.gcd.reduce(parts))
    parts = [part // divisor for part in parts]
    smallest = min(sizes, key=lambda name: (sizes[name], name))
    times = sizes[smallest] // max(parts)
    if not times:
        raise InputError(
            Parameter("ratio"),
            f": '{smallest}' has {sizes[smallest]} speakers, too few for {max(parts)} in the ratio or its "
            "mirror image; give ",
            Parameter("speakers"),
        )
    return times * sum(parts)


def apportion(
    total: int,
    weights: Sequence[Fraction | float],
    *,
    owed: Sequence[Fraction] | None = None,
    random: np.random.Generator | None = None,
) -> IntArray:
    """Divide a total in proportion to weights; what does not divide goes to the largest remainders.

    Parameters
    ----------
    total
        What is divided, a whole number.
    weights
        At least 0, and not all 0; a float counts as the decimal number that it is written as.
    owed
        What earlier divisions left each short of its exact part; added to the remainders.
    random
        Decides between equal remainders; without it the first comes first.

    Raises
    ------
    InputError
        When the total is no whole number of at least 0, or weights are negative, not finite or all 0.
    """
    if not isinstance(total, Integral) or total < 0:
        raise InputError(Parameter("total"), f": must be a whole number of at least 0, not {shown(total)}")
    if not any(weights) or not all(0 <= weight < inf for weight in weights):
        raise InputError(Parameter("weights"), f": are at least 0 and not all 0, not {shown(list(weights))}")
    parts = exact_parts(total, weights)
    shares = np.array([int(part) for part in parts], dtype=np.int64)
    dues = owed or [Fraction(0)] * len(parts)
    claims = [part - int(part) + due for part, due in zip(parts, dues, strict=True)]
    candidates = np.array([place for place, part in enumerate(parts) if part != int(part)], dtype=np.int64)
    if random is not None:
        candidates = random.permutation(candidates)
    first = sorted(candidates.tolist(), key=lambda place: -claims[place])
    shares[first[: total - int(shares.sum())]] += 1
    return shares


def exact_parts(total: int, weights: Sequence[Fraction | float]) -> list[Fraction]:
    """Return what `apportion` rounds to whole numbers."""
    exact = [weight if isinstance(weight, Fraction) else Fraction(str(float(weight))) for weight in weights]
    return [total * weight / sum(exact) for weight in exact]


def spread_evenly(most: IntArray, total: int, random: np.random.Generator) -> IntArray:
    """Spread a total over people as evenly as the most that each can take allows; chance gives the rest."""
    low, high = 0, int(most.max(initial=0))
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if np.minimum(most, level).sum() <= total else (low, level - 1)
    shares = np.minimum(most, low)
    rest = int(total - shares.sum())
    shares[random.permutation(np.flatnonzero(most > low))[:rest]] += 1
    return shares


def shares_in_ratio(total: int, ratio: Ratio) -> dict[str, int]:
    """Divide a total over groups in a ratio; of equal remainders the first name comes first."""
    names = sorted(ratio)
    return dict(zip(names, apportion(total, [ratio[name] for name in names]).tolist(), strict=True))
