from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.trials.target_pairs import TargetPairs


@settings(max_examples=80, deadline=None)
@given(sessions=st.lists(st.integers(0, 4), max_size=14), count=st.integers(0, 40), seed=st.integers(0, 9))
def test_pairs_are_those_of_a_naive_loop(sessions: list[int], count: int, seed: int) -> None:
    rows = np.arange(len(sessions), dtype=np.int64) + 100
    expected = {
        frozenset((one + 100, other + 100))
        for one, other in combinations(range(len(sessions)), 2)
        if sessions[one] != sessions[other]
    }
    pairs = TargetPairs(rows, np.array(sessions, dtype=np.int64))
    assert len(pairs) == len(expected)
    drawn = [frozenset(pair) for pair in pairs.draw(count, np.random.default_rng(seed)).tolist()]
    assert len(set(drawn)) == len(drawn) == min(count, len(expected))
    assert set(drawn) <= expected


def test_every_pair_is_drawn_about_equally_often() -> None:
    pairs = TargetPairs(np.arange(5), np.array([0, 0, 0, 1, 2]))
    random = np.random.default_rng(0)
    drawn = [tuple(sorted(pairs.draw(1, random)[0].tolist())) for _ in range(3500)]
    counts = [drawn.count(pair) for pair in set(drawn)]
    assert len(counts) == 7
    assert max(counts) < 1.3 * min(counts)


def test_a_speaker_with_many_utterances_has_pairs_by_number() -> None:
    sessions = np.arange(100_000) // 10
    pairs = TargetPairs(np.arange(100_000), sessions)
    assert len(pairs) == (100_000 * 99_999 - 100_000 * 9) // 2
    drawn = pairs.draw(1000, np.random.default_rng(0))
    assert (sessions[drawn[:, 0]] != sessions[drawn[:, 1]]).all()
