from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.manifests.ratios import (
    apportion,
    largest_total,
    shares_in_ratio,
    speakers_in_ratio,
    spread_evenly,
)

GROUPS = pl.DataFrame(
    {
        "speaker_id": [f"s{number}" for number in range(60)],
        "group": ["female"] * 20 + ["male"] * 35 + [None] * 3 + ["other"] * 2,
    }
)


def ratio_of(female: int, male: int) -> dict[str, Fraction]:
    return {"female": Fraction(female), "male": Fraction(male)}


@pytest.mark.parametrize("female", range(1, 10))
def test_one_to_nine_and_its_mirror_images_have_one_total(female: int) -> None:
    drawn = speakers_in_ratio(GROUPS, ratio_of(female, 10 - female), total=20, seed=3)
    assert {name: len(members) for name, members in drawn.items()} == {
        "female": 2 * female,
        "male": 20 - 2 * female,
    }
    shuffled = GROUPS.sample(fraction=1, shuffle=True, seed=1)
    assert speakers_in_ratio(shuffled, ratio_of(female, 10 - female), total=20, seed=3) == drawn
    # Of one seed, more speakers contain the fewer.
    all_of_them = speakers_in_ratio(GROUPS, ratio_of(9, 1), total=20, seed=3)
    assert set(drawn["female"]) <= set(all_of_them["female"])


def test_the_largest_total_suits_the_mirror_image_too() -> None:
    # 20 women are two times nine and some.
    assert largest_total({"female": 20, "male": 35}, ratio_of(1, 9)) == 20
    assert largest_total({"female": 20, "male": 35}, ratio_of(9, 1)) == 20
    assert largest_total({"female": 20, "male": 35}, ratio_of(5, 5)) == 40
    drawn = speakers_in_ratio(GROUPS, {"female": Fraction("0.5"), "male": Fraction("1.5")})
    assert (len(drawn["female"]), len(drawn["male"])) == (6, 18)


@settings(max_examples=60, deadline=None)
@given(total=st.integers(1, 500), parts=st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_shares_add_up_and_are_near(total: int, parts: list[int]) -> None:
    ratio = {f"g{number}": Fraction(part) for number, part in enumerate(parts)}
    shares = shares_in_ratio(total, ratio)
    assert sum(shares.values()) == total
    assert all(abs(shares[name] - total * part / sum(parts)) < 1 for name, part in ratio.items())


def test_what_is_not_possible_is_said() -> None:
    for ratio, total, message in (
        (ratio_of(1, 9), 60, "60 in this ratio need 54 of 'male', and there are 35"),
        (ratio_of(1, 99), None, "'female' has 20 speakers, too few for 99"),
        (ratio_of(1, 9), 2, "2 in this ratio leave no speaker of 'female'"),
        ({"f": Fraction(1), "male": Fraction(1)}, None, "no speaker is 'f'; found female, male, other"),
    ):
        with pytest.raises(InputError, match=message):
            speakers_in_ratio(GROUPS, ratio, total=total)


def by_largest_remainder(total: int, weights: list[Fraction]) -> list[int]:
    """Give whole parts, then one more at a time to whoever is shortest of its exact part."""
    exact = [total * weight / sum(weights) for weight in weights]
    given = [int(part) for part in exact]
    while sum(given) < total:
        lacks = [part - had if had <= part else Fraction(-1) for part, had in zip(exact, given, strict=True)]
        given[lacks.index(max(lacks))] += 1
    return given


def as_synthetic_corpora_divided(weights: list[float], count: int) -> list[int]:
    """Divide as synthetic corpora did before division was in one place: their speakers must not change."""
    exact = np.array(weights, dtype=np.float64) / sum(weights) * count
    whole = np.floor(exact + 1e-9).astype(int)
    by_remainder = np.argsort(whole - exact, kind="stable")
    whole[by_remainder[: count - whole.sum()]] += 1
    return whole.tolist()


def as_ratios_divided(total: int, ratio: dict[str, Fraction]) -> dict[str, int]:
    """Divide as subsets in a ratio did before division was in one place: published sets must not change."""
    whole = sum(ratio.values())
    exact = {name: Fraction(total) * ratio[name] / whole for name in sorted(ratio)}
    shares = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


@settings(max_examples=200, deadline=None)
@given(
    total=st.integers(0, 500),
    ratio=st.dictionaries(
        st.sampled_from("cabfed"), st.fractions(Fraction(1, 50), 20, max_denominator=50), min_size=1
    ),
)
def test_subsets_in_a_ratio_are_as_they_were(total: int, ratio: dict[str, Fraction]) -> None:
    assert shares_in_ratio(total, ratio) == as_ratios_divided(total, ratio)


@settings(max_examples=200, deadline=None)
@given(
    total=st.integers(0, 500),
    parts=st.lists(st.fractions(0, 20, max_denominator=50), min_size=1, max_size=6).filter(any),
    scale=st.integers(1, 9),
)
def test_a_total_is_divided_by_largest_remainders(total: int, parts: list[Fraction], scale: int) -> None:
    shares = apportion(total, parts).tolist()
    assert shares == by_largest_remainder(total, parts)
    assert sum(shares) == total
    assert apportion(total, [part * scale for part in parts]).tolist() == shares


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(1, 300),
    weights=st.lists(
        st.sampled_from([0.1, 0.2, 0.28, 0.3, 0.7, 0.72, 0.9, 1.0, 0.0]), min_size=1, max_size=4
    ),
)
def test_decimal_numbers_are_meant_as_they_are_written(count: int, weights: list[float]) -> None:
    if not any(weights):
        return
    exact = [Fraction(str(weight)) for weight in weights]
    assert apportion(count, weights).tolist() == apportion(count, exact).tolist()
    remainders = [count * weight / sum(exact) % 1 for weight in exact]
    if len({one for one in remainders if one}) == len([one for one in remainders if one]):
        # Between equal remainders rounding decided.
        assert apportion(count, weights).tolist() == as_synthetic_corpora_divided(weights, count)


def test_what_is_owed_comes_first_and_chance_decides_between_equals() -> None:
    thirds = [Fraction(1)] * 3
    assert apportion(1, thirds).tolist() == [1, 0, 0]
    assert apportion(1, thirds, owed=[Fraction(0), Fraction(1, 2), Fraction(0)]).tolist() == [0, 1, 0]
    # Who has its exact part is owed nothing here, whatever was owed before.
    halves = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]
    assert apportion(2, halves, owed=[Fraction(9), Fraction(0), Fraction(0)]).tolist() == [1, 1, 0]
    random = np.random.default_rng(0)
    firsts = [apportion(1, thirds, random=random).argmax() for _ in range(60)]
    assert set(firsts) == {0, 1, 2}


@settings(max_examples=60, deadline=None)
@given(most=st.lists(st.integers(0, 9), min_size=1, max_size=9), share=st.floats(0, 1))
def test_spreading_is_as_even_as_it_can_be(most: list[int], share: float) -> None:
    total = int(share * sum(most))
    shares = spread_evenly(np.array(most), total, np.random.default_rng(0))
    assert shares.sum() == total
    assert (shares <= most).all()
    # Nobody has two more than somebody who could take another one.
    could = [given for given, limit in zip(shares, most, strict=True) if given < limit]
    assert not could or max(shares) - min(could) <= 1
