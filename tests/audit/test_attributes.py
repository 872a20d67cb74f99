import pytest

from svfair.audit.attributes import resolve_attribute

COLUMNS: dict[str, dict[str, str | None]] = {
    "gender": {"a": "female", "b": "male", "c": "", "d": "female"},
    "country": {"a": "US", "b": "UK", "c": "US", "d": None, "e": "Iran"},
    "age": {"a": "29.9", "b": "30", "c": "50", "d": "old", "e": None, "f": "nan", "g": " 70 "},
    "iso:3166": {"a": "x"},
    "m*n": {"a": "y"},
}


def test_a_column_gives_its_values_and_unknown() -> None:
    expected = {"a": "female", "b": "male", "c": "unknown", "d": "female"}
    assert resolve_attribute("gender", COLUMNS) == expected
    assert resolve_attribute(" gender ", COLUMNS) == expected


def test_a_crossing_is_unknown_where_any_part_is() -> None:
    assert resolve_attribute("gender * country", COLUMNS) == {
        "a": "female, US",
        "b": "male, UK",
        "c": "unknown",
        "d": "unknown",
        "e": "unknown",
    }


def test_a_value_at_an_edge_is_in_the_upper_bin() -> None:
    assert resolve_attribute("age:30,50", COLUMNS) == {
        "a": "under 30",
        "b": "30 to 50",
        "c": "50 and over",
        "d": "unknown",
        "e": "unknown",
        "f": "unknown",
        "g": "50 and over",
    }
    assert resolve_attribute("age:-0.5", COLUMNS)["a"] == "-0.5 and over"


def test_bins_cross_with_columns() -> None:
    assert resolve_attribute("gender*age:30", COLUMNS)["b"] == "male, 30 and over"


def test_names_may_hold_the_signs_that_combine_names() -> None:
    assert resolve_attribute("iso:3166", COLUMNS) == {"a": "x"}
    assert resolve_attribute("m*n", COLUMNS) == {"a": "y"}
    assert resolve_attribute("iso:3166*gender", COLUMNS)["a"] == "x, female"


def test_bins_between_long_numbers_keep_apart() -> None:
    born = {"born": {"a": "19700101", "b": "19700102", "c": "19700103"}}
    assert resolve_attribute("born:19700101,19700102,19700103", born) == {
        "a": "19700101 to 19700102",
        "b": "19700102 to 19700103",
        "c": "19700103 and over",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ages", "no such attribute 'ages'; the speakers have gender, country, age"),
        ("gender*ages", "no such attribute 'ages'"),
        ("ages:30", "no such attribute 'ages'"),
        ("age:", "bins need rising numbers, such as age:30,50"),
        ("age:30,30", "rising"),
        ("age:50,30", "rising"),
        ("age:inf", "rising"),
        ("age:nan", "rising"),
        ("age:30,young", "rising"),
        ("gender:30", "'gender' holds no numbers, so it cannot be put in bins"),
        ("", "no such attribute ''"),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolve_attribute(text, COLUMNS)
