from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.trials.checks import check_trials
from svfair.trials.files import read_trials

UTTERANCES = [
    f"s{speaker}/{session}/{number}.wav" for speaker in range(3) for session in "ab" for number in "12"
]


def manifest_of(utterances: list[str]) -> pl.DataFrame:
    ids = pl.Series("utterance_id", utterances).unique().sort()
    parts = ids.str.split("/")
    speakers = parts.list.get(0)
    return pl.DataFrame(
        {
            "utterance_id": ids,
            "speaker_id": speakers,
            "session_id": speakers + "/" + parts.list.get(1),
            "gender": pl.Series(["f" if name[-1] in "02468" else "m" for name in speakers], dtype=pl.String),
        }
    )


@settings(max_examples=80, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(UTTERANCES), st.sampled_from(UTTERANCES), st.booleans()), min_size=1
    ),
    known=st.sets(st.sampled_from(UTTERANCES), min_size=1),
)
def test_what_is_found_is_what_a_loop_finds(pairs: list[tuple[str, str, bool]], known: set[str]) -> None:
    trials = pl.DataFrame(pairs, schema=["enrol", "test", "is_target"], orient="row")
    found = check_trials(trials, manifest_of(sorted(known)), by=["gender"])
    listed = {name for enrol, test, _ in pairs for name in (enrol, test)}
    assert found.missing == sorted(listed - known)
    whole = [(one, two, label) for one, two, label in pairs if {one, two} <= known]
    assert found.trials_with_missing == len(pairs) - len(whole)
    assert found.crossed == sum(label and one[:2] != two[:2] for one, two, label in whole)
    assert found.same == sum(not label and one[:2] == two[:2] for one, two, label in whole)
    assert found.repeated == len(pairs) - len({frozenset(pair[:2]) for pair in pairs})
    assert found.of_itself == sum(one == two for one, two, _ in pairs)
    assert found.within_session == sum(label and one[:4] == two[:4] for one, two, label in whole)
    assert found.utterances == len(listed)
    assert found.speakers == len({name[:2] for name in listed & known})
    counts = found.groups["gender"]
    assert sum(counts["targets"].values()) == found.targets == sum(label for _, _, label in pairs)
    assert bool(found.problems()) == bool(found.missing or found.crossed or found.same)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("veri_test_vox1_o.txt", 37_720),
        ("vox1_o_cleaned_derived.txt", 37_611),
        pytest.param("verif_exhaustive.txt.gz", 581_480, marks=pytest.mark.slow),
        pytest.param("verif_hard.txt.gz", 552_536, marks=pytest.mark.slow),
    ],
)
def test_published_lists_fit_a_manifest_of_theirs(real_data: Path, name: str, count: int) -> None:
    trials = read_trials(real_data / "voxceleb" / name)
    table = manifest_of(pl.concat([trials["enrol"], trials["test"]]).unique().to_list())
    found = check_trials(trials, table, by=["gender"])
    assert found.targets + found.non_targets == trials.height == count
    assert found.problems() == []
    assert found.utterances == table.height
    gone = table["utterance_id"].sample(5, seed=0).sort().to_list()
    found = check_trials(trials, table.filter(~pl.col("utterance_id").is_in(gone)))
    assert found.missing == gone
    touched = trials.filter(pl.col("enrol").is_in(gone) | pl.col("test").is_in(gone)).height
    assert found.trials_with_missing == touched
    assert gone[0] in found.problems()[0]
    as_flac = table.with_columns(pl.col("utterance_id").str.replace(r"\.wav$", ".flac"))
    found = check_trials(trials, as_flac)
    assert (found.missing, found.by_suffix) == ([], table.height)
    assert "have another file suffix in the manifest" in found.notes()[0]
