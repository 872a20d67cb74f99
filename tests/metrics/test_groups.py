import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svfair.metrics.groups import group_trials, number_speakers


def order_of(values: list[str]) -> list[str]:
    names = [f"s{number}" for number in range(len(values))]
    return list(
        group_trials(number_speakers(names, names), dict(zip(names, values, strict=True)), "both").members
    )


@pytest.mark.parametrize(
    "expected",
    [
        ["male", "female", "unknown"],
        ["US", "UK", "other", "unknown"],
        ["under 30", "30 to 50", "50 and over", "unknown"],
        ["under -5", "-5 to 5", "5 to 10", "10 and over"],
        ["male, US", "male, UK", "female, US", "female, other", "unknown"],
        ["female, under 9", "female, 9 to 10", "female, 10 and over"],
        ["India", "Iran", "infinity", "nan", "3 to 4", "unknown"],
    ],
)
def test_groups_come_in_the_order_in_which_people_name_them(expected: list[str]) -> None:
    shuffled = expected.copy()
    for seed in range(20):
        random.Random(seed).shuffle(shuffled)
        assert order_of(shuffled) == expected


@given(st.lists(st.tuples(st.sampled_from("cab"), st.sampled_from("cabd")), min_size=1))
def test_numbers_of_speakers_follow_their_names(rows: list[tuple[str, str]]) -> None:
    enrol, test = ([row[side] for row in rows] for side in (0, 1))
    found = number_speakers(enrol, test)
    assert found.names == tuple(sorted({*enrol, *test}))
    assert [found.names[number] for number in found.enrol] == enrol
    assert [found.names[number] for number in found.test] == test


def test_groups_by_hand_under_each_rule() -> None:
    pairs = list(itertools.product("abx", repeat=2))
    trials = number_speakers([a for a, _ in pairs], [b for _, b in pairs])
    values = {"a": "male", "b": "female", "x": None}
    expected = {
        "both": {"male": ["aa"], "female": ["bb"], "unknown": ["xx"]},
        "enrol": {"male": ["aa", "ab", "ax"], "female": ["ba", "bb", "bx"], "unknown": ["xa", "xb", "xx"]},
        "any": {
            "male": ["aa", "ab", "ax", "ba", "xa"],
            "female": ["ab", "ba", "bb", "bx", "xb"],
            "unknown": ["ax", "bx", "xa", "xb", "xx"],
        },
    }
    for rule, groups in expected.items():
        found = group_trials(trials, values, rule)  # type: ignore[arg-type]
        for name, members in groups.items():
            assert ["".join(pairs[i]) for i in np.flatnonzero(found.members[name])] == members
        assert found.speakers == {"male": 1, "female": 1, "unknown": 1}
        assert found.outside() == (6 if rule == "both" else 0)


def test_a_speaker_of_either_side_counts_once() -> None:
    trials = number_speakers(["a", "a", "b"], ["c", "d", "c"])
    values = dict.fromkeys("abcd", "x")
    assert group_trials(trials, values, "both").speakers == {"x": 4}
    assert group_trials(trials, values | {"c": "y", "d": "y"}, "any").speakers == {"x": 2, "y": 2}
    assert group_trials(trials, values | {"c": "y", "d": "y"}, "enrol").speakers == {"x": 2, "y": 0}
