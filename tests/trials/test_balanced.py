from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.trials.balanced import balance_trials


def make_table(
    genders: list[str], countries: list[str] | None = None, sessions: int = 2, utterances: int = 3
) -> pl.DataFrame:
    countries = countries or ["US"] * len(genders)
    return pl.DataFrame(
        [
            {
                "utterance_id": f"s{speaker}-{session}-{utterance}",
                "speaker_id": f"s{speaker}",
                "session_id": f"s{speaker}-{session}",
                "gender": gender,
                "country": country,
                "codec": ("opus", "mp3")[utterance % 2],
            }
            for speaker, (gender, country) in enumerate(zip(genders, countries, strict=True))
            for session in range(sessions)
            for utterance in range(utterances)
        ]
    )


@settings(max_examples=50, deadline=None)
@given(
    genders=st.lists(st.sampled_from(["female", "male", "m", "", "unknown"]), min_size=3, max_size=12),
    countries=st.lists(st.sampled_from(["US", "UK", ""]), min_size=12, max_size=12),
    match=st.sampled_from([(), ("country",)]),
    targets=st.integers(1, 12),
    non_targets=st.integers(1, 20),
    within=st.booleans(),
    seed=st.integers(0, 9),
)
def test_groups_and_their_pairs_have_equal_numbers(
    genders: list[str],
    countries: list[str],
    match: tuple[str, ...],
    targets: int,
    non_targets: int,
    within: bool,
    seed: int,
) -> None:
    genders = ["female", "female", "male", "male", *genders]
    countries = ["US"] * 4 + countries[: len(genders) - 4]
    table = make_table(genders, countries)
    arguments: dict[str, Any] = {
        "match": match,
        "targets_per_speaker": targets,
        "non_targets_per_speaker": non_targets,
        "within_session": within,
        "seed": seed,
    }
    made = balance_trials(table, **arguments)
    row = {row["utterance_id"]: row for row in table.iter_rows(named=True)}
    letter = {"female": "f", "male": "m", "m": "m", "": "", "unknown": ""}
    group = {f"s{number}": letter[name] for number, name in enumerate(genders)}
    by_group: Counter[str] = Counter()
    by_pair: Counter[str] = Counter()
    target_of: Counter[str] = Counter()
    stands: Counter[tuple[str, str]] = Counter()
    seen = set()
    for trial in made.trials.iter_rows(named=True):
        enrol, test = row[trial["enrol"]], row[trial["test"]]
        one, other = enrol["speaker_id"], test["speaker_id"]
        assert (one == other) == trial["is_target"]
        assert group[one]
        assert group[other]
        seen.add(frozenset((trial["enrol"], trial["test"])))
        if trial["is_target"]:
            by_group[group[one]] += 1
            target_of[one] += 1
            assert within or enrol["session_id"] != test["session_id"]
        else:
            pair = "".join(sorted((group[one], group[other])))
            by_pair[pair] += 1
            stands[one, pair] += 1
            stands[other, pair] += 1
            assert all(enrol[name] == test[name] != "" for name in match)
    assert len(seen) == made.trials.height
    assert set(by_group.values()) == {made.targets}
    assert len(by_group) == 2
    assert set(by_pair.values()) == {made.non_targets}
    assert len(by_pair) == 3
    assert max(target_of.values()) <= targets
    assert max(stands.values()) <= non_targets
    assert made.targets == min(made.target_supply.values())
    assert made.unknown == sum(name in ("", "unknown") for name in genders)
    # Every speaker has nine pairs over sessions, or fifteen in all.
    fewest = min(Counter(name for name in group.values() if name).values())
    assert made.targets == fewest * min(targets, 15 if within else 9)
    again = balance_trials(table.sample(fraction=1, shuffle=True, seed=1), **arguments)
    assert again.trials.equals(made.trials)


def test_the_larger_group_is_spread_over_its_speakers() -> None:
    table = make_table(["female"] * 3 + ["male"] * 12)
    made = balance_trials(table, targets_per_speaker=8, non_targets_per_speaker=8)
    assert made.targets == 24
    assert made.non_targets == made.non_target_supply["female-female"] == 12
    males = made.trials.filter(
        "is_target", pl.col("enrol").str.slice(1, 2).str.strip_chars("-").cast(int) > 2
    )
    assert set(males["enrol"].str.split("-").list.first().value_counts()["count"]) == {2}
    assert made.notes == [
        "female limits target trials to 24.",
        "female-female limits non-target trials to 12.",
    ]


def test_the_total_can_be_capped_in_proportion() -> None:
    table = make_table(["female"] * 6 + ["male"] * 6)
    made = balance_trials(table, targets_per_speaker=8, non_targets_per_speaker=8, trials=100)
    # 2 * 48 + 3 * 24 = 168 without the cap.
    assert (made.targets, made.non_targets) == (28, 14)
    assert made.trials.height == 2 * 28 + 3 * 14
    with pytest.raises(InputError, match="trials: 2 is too few for 2 groups and 3 pairs"):
        balance_trials(table, targets_per_speaker=8, non_targets_per_speaker=8, trials=2)


def test_what_cannot_be_balanced_is_said() -> None:
    table = make_table(["female", "female", "male", "male", "other"], ["US", "UK", "US", "US", "US"])
    table = table.with_columns(kind=pl.col("gender"))
    few = {"targets_per_speaker": 2, "non_targets_per_speaker": 2}
    made = balance_trials(table, by="kind", match=["country"], **few)
    assert made.notes[:2] == [
        "Groups of fewer than 2 speakers are left out: other (1).",
        "There is no non-target trial to balance in these pairs of groups: female-female.",
    ]
    assert set(made.non_target_supply) == {"female-female", "female-male", "male-male"}
    with pytest.raises(InputError, match="'codec' differs within speaker 's0'"):
        balance_trials(table, by="codec", **few)
    with pytest.raises(InputError, match="by: no attribute 'age'"):
        balance_trials(table, by="age", **few)
    with pytest.raises(InputError, match="gives 0 groups of 4 speakers or more; two are needed"):
        balance_trials(table, minimum_speakers=4, **few)
    with pytest.raises(InputError, match="within_session allows"):
        balance_trials(make_table(["female", "male"] * 2, sessions=1), **few)
    with pytest.raises(InputError, match="no speaker has two utterances"):
        balance_trials(
            make_table(["female", "male"] * 2, sessions=1, utterances=1), within_session=True, **few
        )
    apart = make_table(["female", "male"] * 2, ["US", "UK", "India", "Japan"])
    with pytest.raises(InputError, match="no two speakers share country"):
        balance_trials(apart, match=["country"], **few)
