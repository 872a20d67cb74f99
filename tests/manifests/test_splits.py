from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.manifests.splits import divide_speakers, fold_speakers, hold_out_speakers

STRATA = st.lists(st.sampled_from(["f-US", "m-US", "f-UK", "m-UK", "-UK"]), min_size=12, max_size=60)


def make_speakers(strata: list[str]) -> pl.DataFrame:
    pairs = [name.split("-") for name in strata]
    return pl.DataFrame(
        {
            "speaker_id": [f"s{number:02d}" for number in range(len(strata))],
            "gender": [gender or None for gender, _ in pairs],
            "region": [region for _, region in pairs],
        }
    )


@settings(max_examples=80, deadline=None)
@given(
    strata=STRATA,
    parts=st.sampled_from([(0.8, 0.2), (0.5, 0.3, 0.2), (1 / 3, 1 / 3, 1 / 3)]),
    seed=st.integers(0, 9),
)
def test_parts_are_disjoint_and_strata_whole_to_one_speaker(
    strata: list[str], parts: tuple[float, ...], seed: int
) -> None:
    speakers = make_speakers(strata)
    divided = divide_speakers(speakers, parts, stratify=["gender", "region"], seed=seed)
    assert sorted(name for part in divided for name in part) == speakers["speaker_id"].to_list()
    stratum_of = dict(zip(speakers["speaker_id"], strata, strict=True))
    sizes = Counter(strata)
    for share, part in zip(parts, divided, strict=True):
        counts = Counter(stratum_of[name] for name in part)
        assert all(abs(counts[name] - share * size) < 1 for name, size in sizes.items())
        assert abs(len(part) - share * len(strata)) < 2
    shuffled = speakers.sample(fraction=1, shuffle=True, seed=seed)
    assert divide_speakers(shuffled, parts, stratify=["gender", "region"], seed=seed) == divided


def as_folds_were_divided(
    speakers: pl.DataFrame, shares: tuple[float, ...], stratify: list[str], seed: int
) -> list[list[str]]:
    """Divide with floats, as was done before division was in one place."""
    random = np.random.default_rng(seed)
    owed = np.zeros(len(shares))
    parts: list[list[str]] = [[] for _ in shares]
    strata: dict[tuple[str, ...], list[str]] = {}
    for row in speakers.sort("speaker_id").iter_rows(named=True):
        # A value that is not known comes first.
        strata.setdefault(tuple(row[name] or "" for name in stratify), []).append(row["speaker_id"])
    for _, members in sorted(strata.items()):
        exact = np.array(shares) * len(members)
        sizes = np.floor(exact + 1e-9).astype(np.int64)
        fractions = exact - sizes
        owed += fractions
        candidates = random.permutation(np.flatnonzero(fractions > 1e-9))
        chosen = candidates[np.argsort(-owed[candidates], kind="stable")][: len(members) - sizes.sum()]
        sizes[chosen] += 1
        owed[chosen] -= 1
        shuffled = [members[place] for place in random.permutation(len(members))]
        for part, size in zip(parts, sizes, strict=True):
            part += shuffled[:size]
            shuffled = shuffled[size:]
    return [sorted(part) for part in parts]


@settings(max_examples=150, deadline=None)
@given(
    strata=STRATA,
    # Of these, floats hold every product and sum as it is: between equal claims rounding decided otherwise.
    parts=st.sampled_from([(0.5, 0.5), (0.75, 0.25), (0.5, 0.25, 0.125, 0.125), (0.25,) * 4]),
    stratify=st.sampled_from([[], ["gender"], ["region", "gender"]]),
    seed=st.integers(0, 99),
)
def test_a_seed_gives_the_parts_that_it_always_gave(
    strata: list[str], parts: tuple[float, ...], stratify: list[str], seed: int
) -> None:
    speakers = make_speakers(strata)
    expected = as_folds_were_divided(speakers, parts, stratify, seed)
    assert divide_speakers(speakers, parts, stratify=stratify, seed=seed) == expected


@pytest.mark.parametrize("folds", [3, 5, 10])
def test_folds_are_those_that_they_always_were(folds: int) -> None:
    speakers = make_speakers(["f-US", "m-US", "m-US", "f-UK", "m-UK", "-UK", "m-UK"] * 6)
    for seed in range(10):
        made = fold_speakers(speakers, folds, stratify=["region", "gender"], seed=seed)
        expected = as_folds_were_divided(speakers, (1 / folds,) * folds, ["region", "gender"], seed)
        assert [held_out for _, held_out in made] == expected


@settings(max_examples=60, deadline=None)
@given(strata=STRATA, folds=st.integers(2, 8), seed=st.integers(0, 9))
def test_every_speaker_is_held_out_once(strata: list[str], folds: int, seed: int) -> None:
    speakers = make_speakers(strata)
    made = fold_speakers(speakers, folds, stratify=["gender"], seed=seed)
    assert len(made) == folds
    assert Counter(name for _, held_out in made for name in held_out) == Counter(speakers["speaker_id"])
    for training, held_out in made:
        assert sorted(training + held_out) == speakers["speaker_id"].to_list()
    sizes = [len(held_out) for _, held_out in made]
    assert max(sizes) - min(sizes) <= 2


def test_seeds_differ_and_empty_parts_are_refused() -> None:
    speakers = make_speakers(["f-US"] * 20)
    assert divide_speakers(speakers, [0.5, 0.5]) != divide_speakers(speakers, [0.5, 0.5], seed=1)
    with pytest.raises(InputError, match=r"part \d of 3 has no speaker; there are 2 speakers"):
        fold_speakers(speakers.head(2), 3)


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


def test_seeds_hold_out_other_speakers() -> None:
    table = pl.DataFrame({"speaker_id": [f"s{i}" for i in range(40)]})
    assert hold_out_speakers(table, share=0.5, seed=0) != hold_out_speakers(table, share=0.5, seed=1)


def test_what_cannot_be_held_out_is_named() -> None:
    table = pl.DataFrame({"speaker_id": ["a", "b"], "gender": ["female", "male"]})
    with pytest.raises(
        InputError, match=r"stratify: no attribute 'age'; the manifest has speaker_id, gender"
    ):
        hold_out_speakers(table, share=0.5, stratify=["age"])
    with pytest.raises(InputError, match="leaves a side empty"):
        hold_out_speakers(table.head(1), share=0.5)
