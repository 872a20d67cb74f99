"""Speakers in a given ratio of groups, as in VoxCeleb2-GRC."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

import numpy as np
import polars as pl

from svfair.errors import InputError

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
        When a group is not there, or has too few speakers.
    """
    members = {
        name: groups.filter(pl.col("group") == name)["speaker_id"].sort().to_list() for name in sorted(ratio)
    }
    absent = [name for name, speakers in members.items() if not speakers]
    if absent:
        found = ", ".join(groups["group"].drop_nulls().unique().sort())
        raise InputError(f"--ratio: no speaker is '{absent[0]}'; found {found}")
    if total is None:
        total = largest_total({name: len(speakers) for name, speakers in members.items()}, ratio)
    wanted = shares_of_total(total, ratio)
    random = np.random.default_rng(seed)
    drawn = {}
    for name, speakers in members.items():
        if wanted[name] > len(speakers):
            raise InputError(
                f"--speakers: {total} in this ratio need {wanted[name]} of '{name}', and there are "
                f"{len(speakers)}; the largest total is smaller"
            )
        order = random.permutation(len(speakers))
        drawn[name] = [speakers[place] for place in order[: wanted[name]]]
    few = [name for name, count in wanted.items() if not count]
    if few:
        raise InputError(f"--speakers: {total} in this ratio leave no speaker of '{few[0]}'")
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
            f"--ratio: '{smallest}' has {sizes[smallest]} speakers, too few for {max(parts)} in the ratio or "
            "its mirror image; give --speakers"
        )
    return times * sum(parts)


def shares_of_total(total: int, ratio: Ratio) -> dict[str, int]:
    """Divide a total in a ratio; what does not divide goes to the groups with the largest remainders."""
    whole = sum(ratio.values())
    exact = {name: Fraction(total) * ratio[name] / whole for name in sorted(ratio)}
    shares = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares
