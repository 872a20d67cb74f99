from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.manifests.manifest import read_manifest
from svfair.manifests.split import hold_out_speakers, select_speakers
from svfair.errors import InputError


@settings(max_examples=60, deadline=None)
@given(
    genders=st.lists(st.sampled_from(["female", "male"]), min_size=10, max_size=60),
    share=st.floats(0.15, 0.85),
    seed=st.integers(0, 50),
)
def test_sides_are_disjoint_complete_and_stratified(genders: list[str], share: float, seed: int) -> None:
    table = pl.DataFrame({"speaker_id": [f"s{i}" for i in range(len(genders))], "gender": genders})
    training, held_out = hold_out_speakers(table, share=share, stratify=["gender"], seed=seed)
    assert sorted([*training, *held_out]) == sorted(table["speaker_id"])
    for gender in set(genders):
        mine = set(table.filter(pl.col("gender") == gender)["speaker_id"])
        assert abs(len(mine & set(held_out)) - share * len(mine)) < 1 + 1e-6
    shuffled = table.sample(fraction=1, shuffle=True, seed=seed)
    assert hold_out_speakers(shuffled, share=share, stratify=["gender"], seed=seed) == (training, held_out)


def test_seeds_differ() -> None:
    table = pl.DataFrame({"speaker_id": [f"s{i}" for i in range(40)]})
    assert hold_out_speakers(table, share=0.5, seed=0) != hold_out_speakers(table, share=0.5, seed=1)


def test_bad_requests_are_named() -> None:
    table = pl.DataFrame({"speaker_id": ["a", "b"], "gender": ["female", "male"]})
    with pytest.raises(InputError, match=r"data.stratify: no attribute 'age'; the manifest has gender"):
        hold_out_speakers(table, share=0.5, stratify=["age"])
    with pytest.raises(InputError, match="leaves a side empty"):
        hold_out_speakers(table.head(1), share=0.5)


def test_selecting_keeps_whole_speakers(tones: Path) -> None:
    part = select_speakers(read_manifest(tones), ["s1", "s4"])
    assert part.table["speaker_id"].unique().sort().to_list() == ["s1", "s4"]
    assert part.table.height == 8
    assert part.paths()[0].is_file()
