from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables import Rejected
from svfair.trials import ScoredTrials, ScoreFiles, read_scored_trials


def scored(targets: int, crossed: int, same: int = 0) -> ScoredTrials:
    """Make target trials, some of which are between two speakers, and others, some of which are of one."""
    enrol = ["a"] * targets + ["a"] * 50
    test = ["b"] * crossed + ["a"] * (targets - crossed) + ["a"] * same + ["b"] * (50 - same)
    table = pl.DataFrame({"enrol": enrol, "test": test, "is_target": [True] * targets + [False] * 50})
    table = table.with_columns(score=pl.int_range(pl.len()).cast(pl.Float64))
    return ScoredTrials(Path("s.csv"), "", table, enrol, test, "", Rejected())


@pytest.mark.parametrize(("targets", "crossed"), [(100, 1), (200, 2), (1000, 10), (50, 0)])
def test_one_contradiction_in_a_hundred_is_told(targets: int, crossed: int) -> None:
    assert scored(targets, crossed, same=3).contradictions() == (crossed, 3)


@pytest.mark.parametrize(("targets", "crossed"), [(100, 2), (99, 1), (1000, 11)])
def test_more_mean_that_speakers_are_not_read_right(targets: int, crossed: int) -> None:
    message = (
        f"{crossed:,} of {targets:,} target trials are between two speakers, the first between 'a' and 'b'"
    )
    with pytest.raises(InputError, match=message) as caught:
        scored(targets, crossed).contradictions()
    assert caught.value.parameter == "speaker_pattern"


SPEAKERS = {"u1": "a", "u2": "a", "u3": "b", "u4": "b"}
PAIRS = [("u1", "u2", 1), ("u3", "u4", 1), ("u1", "u3", 0), ("u4", "u2", 0)]


def write_scored(path: Path, *, with_speakers: bool = True, prefix: str = "") -> Path:
    """Write scores of utterances whose names tell no speaker."""
    rows = [
        {"enrol": prefix + one, "test": prefix + other, "is_target": label, "score": 0.1 * place}
        | ({"enrol_speaker": SPEAKERS[one], "test_speaker": SPEAKERS[other]} if with_speakers else {})
        for place, (one, other, label) in enumerate(PAIRS)
    ]
    table = pl.DataFrame(rows)
    table.write_parquet(path) if path.suffix == ".parquet" else table.write_csv(path)
    return path


@pytest.mark.parametrize("name", ["s.parquet", "s.csv"])
@pytest.mark.parametrize("lenient", [False, True])
def test_speakers_are_read_from_our_own_columns(tmp_path: Path, name: str, lenient: bool) -> None:
    path = write_scored(tmp_path / name)
    read = read_scored_trials(path, ScoreFiles(skip_bad_lines=lenient))
    assert read.enrol == ["a", "b", "a", "b"]
    assert read.test == ["a", "b", "b", "a"]
    assert read.scores.columns == ["enrol", "test", "is_target", "score"]
    assert read.contradictions() == (0, 0)


def test_what_is_given_comes_before_columns_and_columns_before_folders(tmp_path: Path) -> None:
    path = write_scored(tmp_path / "s.csv", prefix="x/")
    by_pattern = read_scored_trials(path, ScoreFiles(speaker_pattern="/u(.)"))
    assert by_pattern.enrol == ["1", "3", "1", "4"]
    manifest = pl.DataFrame({"utterance_id": [f"x/u{n}" for n in range(1, 5)], "speaker_id": list("ccdd")})
    assert read_scored_trials(path, ScoreFiles(utterance_speakers=manifest)).test == ["c", "d", "d", "c"]
    named = ScoreFiles(columns={"enrol_speaker": "test_speaker", "test_speaker": "enrol_speaker"})
    assert read_scored_trials(path, named).enrol == ["a", "b", "b", "a"]
    assert read_scored_trials(path, ScoreFiles()).enrol == ["a", "b", "a", "b"]
    one_of_two = pl.read_csv(path).drop("test_speaker")
    one_of_two.write_csv(path)
    assert read_scored_trials(path, ScoreFiles()).enrol == ["x"] * 4


@pytest.mark.fault("speakers of utterances that nobody told")
def test_where_speakers_are_not_known_the_ways_to_tell_them_are(tmp_path: Path) -> None:
    path = write_scored(tmp_path / "s.csv", with_speakers=False)
    told = "; if that is not how they are named, give speaker_pattern, or enrol_speaker_column and "
    told += "test_speaker_column, or the manifest of the utterances to `svfair evaluate`"
    other = pl.DataFrame({"utterance_id": list(SPEAKERS), "speaker_id": list("cdef")})
    crossed = "2 of 2 target trials are between two speakers, the first between "
    for files, first, where in (
        (ScoreFiles(), "'u1' and 'u2'", "speakers were taken from the first folder of utterances" + told),
        (ScoreFiles(speaker_pattern="u(.)"), "'1' and '2'", "speakers were taken by the pattern" + told),
        (
            ScoreFiles(columns={"enrol_speaker": "enrol", "test_speaker": "test"}),
            "'u1' and 'u2'",
            "one column is named for two things; name one for each",
        ),
        (
            ScoreFiles(utterance_speakers=other),
            "'c' and 'd'",
            "its labels and the manifest do not fit: `svfair check-trials` tells where",
        ),
    ):
        with pytest.raises(InputError) as caught:
            read_scored_trials(path, files).contradictions()
        expected = f"{path}: {where}" if "two things" in where else f"{path}: {crossed}{first}; {where}"
        assert str(caught.value) == expected


@pytest.mark.fault("speakers of utterances that nobody told")
def test_a_speaker_missing_in_our_columns_is_a_bad_line(tmp_path: Path) -> None:
    path = write_scored(tmp_path / "s.csv")
    path.write_text(path.read_text().replace("0.2,a,b", "0.2,,b"))
    with pytest.raises(InputError, match=r"s\.csv: .*line 4.*a speaker is missing"):
        read_scored_trials(path, ScoreFiles())
