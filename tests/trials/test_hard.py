import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.trials.hard import design_trials, speakers_without_trials


def make_table(speakers: int, sessions: int = 2, utterances: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "utterance_id": f"s{s}-{i}-{u}",
                "speaker_id": f"s{s}",
                "session_id": f"s{s}-{i}",
                "gender": ("female", "male")[s % 2],
                "country": ("USA", None, "UK")[s % 3],
            }
            for s in range(speakers)
            for i in range(sessions)
            for u in range(utterances)
        ]
    )


@settings(max_examples=30, deadline=None)
@given(
    speakers=st.integers(4, 14),
    match=st.sampled_from([(), ("gender",)]),
    targets=st.integers(1, 12),
    non_targets=st.integers(1, 30),
    seed=st.integers(0, 20),
)
def test_trials_are_what_they_say(
    speakers: int, match: tuple[str, ...], targets: int, non_targets: int, seed: int
) -> None:
    table = make_table(speakers)
    trials = design_trials(
        table, match=match, targets_per_speaker=targets, non_targets_per_speaker=non_targets, seed=seed
    )
    row = {r["utterance_id"]: r for r in table.iter_rows(named=True)}
    pairs = set()
    for trial in trials.iter_rows(named=True):
        enrol, test = row[trial["enrol"]], row[trial["test"]]
        assert (enrol["speaker_id"] == test["speaker_id"]) == trial["is_target"]
        if trial["is_target"]:
            assert enrol["session_id"] != test["session_id"]
        else:
            assert all(enrol[name] == test[name] for name in match)
        pairs.add(frozenset((trial["enrol"], trial["test"])))
    assert len(pairs) == trials.height
    # Three utterances in each of two sessions make nine pairs over sessions.
    assert trials["is_target"].sum() == speakers * min(targets, 9)
    assert 0 < (~trials["is_target"]).sum() <= speakers * non_targets
    again = design_trials(
        table.sample(fraction=1, shuffle=True, seed=1),
        match=match,
        targets_per_speaker=targets,
        non_targets_per_speaker=non_targets,
        seed=seed,
    )
    assert again.equals(trials)


def test_non_targets_are_spread_over_speakers() -> None:
    trials = design_trials(make_table(10), targets_per_speaker=1, non_targets_per_speaker=20, seed=0)
    others = trials.filter(~pl.col("is_target"))["test"].str.head(2).value_counts()["count"]
    assert others.min() > 0.6 * others.max()


def test_missing_values_match_each_other() -> None:
    trials = design_trials(
        make_table(12), match=("country",), targets_per_speaker=1, non_targets_per_speaker=5, seed=0
    )
    unknown = {f"s{s}" for s in range(12) if s % 3 == 1}
    for trial in trials.filter(~pl.col("is_target")).iter_rows(named=True):
        assert (trial["enrol"].split("-")[0] in unknown) == (trial["test"].split("-")[0] in unknown)


def test_speakers_without_trials_are_named() -> None:
    # Speaker s3 has one session, s4 alone is from Malta.
    table = make_table(6).filter(~pl.col("session_id").is_in(["s3-1"]))
    country = pl.when(pl.col("speaker_id") == "s4").then(pl.lit("Malta")).otherwise(pl.lit("UK"))
    table = table.with_columns(country=country)
    trials = design_trials(table, match=("country",), targets_per_speaker=2, non_targets_per_speaker=3)
    assert speakers_without_trials(table, trials) == (["s3"], ["s4"])
    assert speakers_without_trials(table, trials.filter("is_target")) == (["s3"], [f"s{i}" for i in range(6)])


def test_impossible_requests_are_named() -> None:
    table = make_table(4)
    for change, message in (
        ({"match": ("age",)}, r"match: no attribute 'age'"),
        ({"match": ("utterance_id",)}, "no two speakers share utterance_id"),
    ):
        with pytest.raises(InputError, match=message):
            design_trials(table, targets_per_speaker=1, non_targets_per_speaker=1, **change)
    with pytest.raises(InputError, match="no speaker has two sessions"):
        design_trials(make_table(4, sessions=1), targets_per_speaker=1, non_targets_per_speaker=1)


def test_targets_may_be_of_one_session_where_sessions_are_not_told() -> None:
    trials = design_trials(
        make_table(4, sessions=1), targets_per_speaker=9, non_targets_per_speaker=1, within_session=True
    )
    assert trials["is_target"].sum() == 4 * 3


def test_speakers_with_many_utterances_have_trials_as_others() -> None:
    table = make_table(4, utterances=160)
    arguments = {"targets_per_speaker": 70, "non_targets_per_speaker": 3, "seed": 2}
    trials = design_trials(table, **arguments)
    targets = trials.filter("is_target")
    assert targets.height == 4 * 70 == targets.select(pl.struct("enrol", "test").n_unique()).item()
    sides = [targets[side].str.extract(r"^(s\d-\d)-") for side in ("enrol", "test")]
    assert (sides[0] != sides[1]).all()
    assert design_trials(table.reverse(), **arguments).equals(trials)
