from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.trials.pairs import pairs_between, pairs_within, utterance_pairs


@settings(max_examples=100, deadline=None)
@given(count=st.integers(0, 12), most=st.integers(1, 30), seed=st.integers(0, 9))
def test_within_a_group_nobody_and_no_pair_stands_out(count: int, most: int, seed: int) -> None:
    pairs = pairs_within(np.arange(count), most, np.random.default_rng(seed))
    together = Counter(
        frozenset(pair) for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    )
    assert all(len(pair) == 2 for pair in together)
    stands = Counter(speaker for pair, times in together.items() for speaker in pair for _ in range(times))
    assert max(stands.values(), default=0) <= most
    if count >= 2:
        # Of n speakers who stand in m pairs each there are n m / 2 pairs; an odd m may cost a few at the end.
        assert len(pairs.first) >= count * (most - most % 2 * (count % 2)) // 2 - count // 3
        possible = count * (count - 1) // 2
        full = len(pairs.first) // possible
        assert max(together.values()) <= full + 1
        assert full == 0 or len(together) == possible


@settings(max_examples=100, deadline=None)
@given(one=st.integers(0, 9), other=st.integers(0, 9), most=st.integers(1, 30), seed=st.integers(0, 9))
def test_between_groups_the_smaller_one_is_used_up(one: int, other: int, most: int, seed: int) -> None:
    pairs = pairs_between(np.arange(one), 100 + np.arange(other), most, np.random.default_rng(seed))
    sides = (Counter(pairs.first.tolist()), Counter(pairs.second.tolist()))
    assert all(max(side.values(), default=0) <= most for side in sides)
    assert len(pairs.first) == min(one, other) * most
    assert all((a < 100) != (b < 100) for a, b in zip(pairs.first, pairs.second, strict=True))


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 6), min_size=2, max_size=6),
    most=st.integers(1, 40),
    seed=st.integers(0, 9),
)
def test_no_two_utterances_meet_twice(counts: list[int], most: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = np.array(counts)
    starts = np.cumsum(sizes) - sizes
    speaker_of = np.repeat(np.arange(len(sizes)), sizes)
    pairs = pairs_within(np.arange(len(sizes)), most, random)
    rows = utterance_pairs(pairs, starts, sizes, random)
    assert len({frozenset(pair) for pair in rows.tolist()}) == len(rows)
    met = Counter(frozenset(pair) for pair in speaker_of[rows].tolist())
    wanted = Counter(frozenset(p) for p in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    for pair, times in wanted.items():
        one, other = pair
        assert met[pair] == min(times, counts[one] * counts[other])
