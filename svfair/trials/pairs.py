"""Pairs of speakers for non-target trials: every pair once before any comes again, nobody more than others.

Speakers stand in a circle in random order. A shift by d pairs each with the one d places on: n pairs in
which every speaker stands twice (or once, when the shift is half the circle). All shifts together are all
pairs, so there is nothing to list, and taken in random order they keep speakers and pairs even at any length.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpeakerPairs:
    """Pairs of speakers, in the order in which to take them.

    Parameters
    ----------
    first, second
        Numbers of the speakers.
    place
        How many trials a speaker had before this one, about: pairs of several cells are taken by it.
    cycle
        How often the same pair came before.
    """

    first: IntArray
    second: IntArray
    place: IntArray
    cycle: IntArray

    @staticmethod
    def joined(parts: "list[SpeakerPairs]", random: np.random.Generator) -> "SpeakerPairs":
        """Join pairs, those with an early place first and, of one place, in random order."""
        if not parts:
            nothing = np.empty(0, dtype=np.int64)
            return SpeakerPairs(nothing, nothing, nothing, nothing)
        columns = [
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("first", "second", "place", "cycle")
        ]
        order = random.permutation(len(columns[2]))
        order = order[np.argsort(columns[2][order], kind="stable")]
        return SpeakerPairs(*(column[order] for column in columns))


def pairs_within(speakers: IntArray, most: int, random: np.random.Generator) -> SpeakerPairs:
    """Pair speakers with each other; each stands in `most` pairs at most.

    Parameters
    ----------
    speakers
        Their numbers.
    most
        Pairs with a speaker.
    random
        Of the draw.
    """
    count = len(speakers)
    parts: list[SpeakerPairs] = []
    if count < 2:
        return SpeakerPairs.joined(parts, random)
    circle = random.permutation(speakers)
    place = cycle = 0
    while place < most:
        for shift in random.permutation(np.arange(1, count // 2 + 1)):
            if place >= most:
                break
            left = np.arange(count // 2 if 2 * shift == count else count)
            stands = 1 if 2 * shift == count else 2
            if place + stands > most:
                left, stands = _disjoint(left, int(shift), count), 1
            parts.append(_part(circle[left], circle[(left + shift) % count], place, cycle))
            place += stands
        cycle += 1
    return SpeakerPairs.joined(parts, random)


def pairs_between(
    speakers: IntArray, others: IntArray, most: int, random: np.random.Generator
) -> SpeakerPairs:
    """Pair speakers with those of another group; each stands in `most` pairs at most.

    Parameters
    ----------
    speakers, others
        Their numbers; nobody is in both.
    most
        Pairs with a speaker.
    random
        Of the draw.
    """
    fewer, more = sorted((random.permutation(speakers), random.permutation(others)), key=len)
    parts: list[SpeakerPairs] = []
    place = cycle = 0
    while place < most and len(fewer):
        for shift in random.permutation(len(more))[: most - place]:
            parts.append(_part(fewer, more[(np.arange(len(fewer)) + shift) % len(more)], place, cycle))
            place += 1
        cycle += 1
    return SpeakerPairs.joined(parts, random)


def utterance_pairs(
    pairs: SpeakerPairs, starts: IntArray, counts: IntArray, random: np.random.Generator
) -> IntArray:
    """Draw an utterance of each speaker for every pair of speakers, no two utterances together twice.

    Parameters
    ----------
    pairs
        Of speakers.
    starts, counts
        First row of each speaker, and how many it has from there on.
    random
        Of the draw.

    Returns
    -------
    numpy.ndarray
        Rows of the two utterances of each trial, either speaker first. Where two speakers come together
        oftener than they have pairs of utterances, there are fewer trials than pairs.
    """
    low, high = np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)
    products = counts[low] * counts[high]
    # The numbers of two speakers' pairs of utterances are gone through in steps that share no factor with
    # how many there are, so that none comes twice.
    _, which = np.unique(low * len(counts) + high, return_inverse=True)
    where = np.zeros(int(which.max()) + 1 if len(which) else 0, dtype=np.int64)
    where[which] = products
    offset = random.integers(where)
    step = 1 + random.integers(where)
    while (shared := np.gcd(step, where) > 1).any():
        step[shared] = 1 + random.integers(where[shared])
    number = (offset[which] + pairs.cycle * step[which]) % products
    rows = np.stack([starts[low] + number // counts[high], starts[high] + number % counts[high]], axis=1)
    swapped = random.random(len(rows)) < 0.5
    rows[swapped] = rows[swapped, ::-1]
    return rows[pairs.cycle < products]


def _disjoint(left: IntArray, shift: int, count: int) -> IntArray:
    """Return those of the pairs of one shift in which nobody stands twice."""
    taken = np.zeros(count, dtype=bool)
    kept = []
    for place in left.tolist():
        other = (place + shift) % count
        if not (taken[place] or taken[other]):
            taken[place] = taken[other] = True
            kept.append(place)
    return np.array(kept, dtype=np.int64)


def _part(first: IntArray, second: IntArray, place: int, cycle: int) -> SpeakerPairs:
    return SpeakerPairs(first, second, np.full(len(first), place), np.full(len(first), cycle))
