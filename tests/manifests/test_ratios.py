from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.manifests.ratios import largest_total, shares_of_total, speakers_in_ratio
from svfair.errors import InputError

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
    shares = shares_of_total(total, ratio)
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
