from collections import Counter
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.manifests.manifest import Manifest
from svfair.manifests.subsets import (
    limit_utterances,
    rows_where,
    spread_utterances,
    summarise,
    write_subset,
)


def make_table(sizes: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "utterance_id": f"s{speaker}/{number}",
                "speaker_id": f"s{speaker}",
                "duration_s": 36.0,
                "gender": ("female", "m")[speaker % 2],
                "codec": ("opus", "mp3")[number % 2],
            }
            for speaker, size in enumerate(sizes)
            for number in range(size)
        ]
    )


def test_rows_with_values() -> None:
    table = make_table([3, 2, 4])
    assert rows_where(table, {"gender": ["male"]})["speaker_id"].unique().to_list() == ["s1"]
    assert rows_where(table, {"gender": ["female"], "codec": ["opus"]}).height == 2 + 2
    assert rows_where(table, {"codec": ["opus", "mp3"]}).height == 9
    for wanted, message in (
        ({"age": ["9"]}, "where: no attribute 'age'"),
        ({"gender": ["x"]}, "where: no row has 'x' in gender; found female, male"),
        ({"speaker_id": ["s0"], "gender": ["male"]}, "no row has all of these values together"),
    ):
        with pytest.raises(InputError, match=message):
            rows_where(table, wanted)


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6), most=st.integers(1, 9), seed=st.integers(0, 9)
)
def test_utterances_are_limited(sizes: list[int], most: int, seed: int) -> None:
    table = make_table(sizes)
    kept = limit_utterances(table, most, seed=seed)
    counts = Counter(kept["speaker_id"])
    assert counts == {f"s{number}": min(size, most) for number, size in enumerate(sizes)}
    assert kept.rows() == sorted(kept.rows(), key=lambda row: (row[1], row[0]))
    assert limit_utterances(table.reverse(), most, seed=seed).equals(kept)
    by_speaker = {f"s{number}": number % 3 for number in range(len(sizes))}
    counts = Counter(limit_utterances(table, by_speaker, seed=seed)["speaker_id"])
    assert all(counts[f"s{number}"] == min(size, number % 3) for number, size in enumerate(sizes))


def test_a_total_of_utterances_keeps_the_ratio() -> None:
    table = make_table([9, 9, 2, 9, 9, 9])
    groups = {"female": ["s0", "s2", "s4"], "m": ["s1", "s3", "s5"]}
    ratio = {"female": Fraction(1), "m": Fraction(2)}
    given = spread_utterances(table, groups, ratio, 36)
    assert sum(given[name] for name in groups["m"]) == 24
    assert (given["s2"], given["s0"], given["s4"]) == (2, 5, 5)
    with pytest.raises(InputError, match="90 in this ratio are 30 of 'female', whose 3 speakers have 20"):
        spread_utterances(table, groups, ratio, 90)
    with pytest.raises(InputError, match="6 in this ratio are 2 of 'female'"):
        spread_utterances(table, groups, ratio, 6)


def test_summaries_count_groups_and_all() -> None:
    assert summarise(make_table([3, 2, 5]), ["gender"]) == [
        {"group": "female", "speakers": 2, "utterances": 8, "hours": 0.08},
        {"group": "male", "speakers": 1, "utterances": 2, "hours": 0.02},
        {"group": "all", "speakers": 3, "utterances": 10, "hours": 0.1},
    ]
    assert [row["group"] for row in summarise(make_table([1]), [])] == ["all"]


@pytest.mark.fault("keys that stand twice")
def test_a_part_that_has_an_utterance_twice_is_named(tmp_path: Path) -> None:
    columns = {name: ["a", "b"] for name in ("utterance_id", "path", "speaker_id", "session_id")}
    whole = Manifest(pl.DataFrame(columns | {"duration_s": [1.0, 1.0]}), tmp_path, tmp_path / "m.csv")
    with pytest.raises(InputError, match=r"^part: utterance_id 'b' stands in row 2 and in row 3; keep"):
        write_subset(whole.table[[0, 1, 1]], whole, tmp_path / "out")
    assert not (tmp_path / "out").exists()
