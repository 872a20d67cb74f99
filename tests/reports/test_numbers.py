import pytest

from svfair.metrics import Chance, Interval, Resampling
from svfair.reports.numbers import PAGE, PLAIN, digits_apart, level, share_of_permutations

NAN, INF = float("nan"), float("inf")


def test_numbers_of_a_page_have_signs_that_are_read_aloud_and_no_nan() -> None:
    assert PAGE.decimal(NAN, 2) == PAGE.signed(NAN, 2) == "-"
    assert PAGE.decimal(-0.001, 2) == "0.00"
    assert PAGE.decimal(-1234.5, 1) == "\u22121,234.5"
    assert PAGE.decimal(INF, 2) == "\u221e"
    assert PAGE.signed(0.5, 1) == "+0.5"
    assert PAGE.percent(0.0153) == "1.53"


def test_plain_numbers_are_ascii_and_can_be_read_back() -> None:
    assert PLAIN.decimal(-1234.5, 1) == "-1234.5"
    assert PLAIN.decimal(INF, 2) == "inf"
    for value in (0.0, -3.25, 1e6, -INF):
        assert float(PLAIN.decimal(value, 2)) == value


@pytest.mark.parametrize("numbers", [PAGE, PLAIN])
def test_bounds(numbers) -> None:  # type: ignore[no-untyped-def]
    nothing = (None, Interval(NAN, NAN), Interval(-INF, INF))
    assert [numbers.between(one, 2) for one in nothing] == ["", "", ""]
    assert numbers.between(Interval(1.0, 2.5), 1) == "1.0 to 2.5"
    assert numbers.between(Interval(1.0, 2.5), 1, joint="-") == "1.0-2.5"
    assert numbers.between(Interval(-INF, 1.0), 1) == "1.0 or less"
    assert numbers.between(Interval(0.01, INF), 0, scale=100, plus=True) == "+1 or more"


def test_as_many_digits_as_tell_a_value_from_its_reference() -> None:
    assert digits_apart(1.0004, 1.0, 2) == 4
    assert digits_apart(1.0, 1.0, 2) == digits_apart(1.2, 1.0, 2) == digits_apart(NAN, 1.0, 2) == 2


def test_levels_and_shares() -> None:
    assert [level(Resampling(level=one)) for one in (0.95, 0.999, 0.9995)] == ["95 %", "99.9 %", "99.95 %"]
    assert level(None) == "95 %"
    assert share_of_permutations(Chance(0, 0, 1 / 1001, 1000)) == "fewer than 0.1 %"
    assert share_of_permutations(Chance(0, 0, 0.215, 1000)) == "21.5 %"
