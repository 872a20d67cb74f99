from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.manifests.splits import divide_speakers, fold_speakers
from svfair.errors import InputError

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
