from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.cn_celeb import CnCeleb

COLUMNS = ("utterance_id", "speaker_id", "session_id", "genre", "split")
DEV = (
    "data/id00000/singing-01-001.flac",
    "data/id00000/live_broadcast-02-013.flac",
)
REPEATED = ("data/id00800/singing-01-001.flac", "data/id00800/vlog-02-001.flac")
EVAL = (
    "eval/enroll/id00800-enroll.flac",
    "eval/test/id00800-singing-01-001.flac",
)
SECOND = "data/id11000/interview-01-001.flac"

DEV_ROWS = [
    ("id00000/live_broadcast-02-013.wav", "id00000", "id00000/live_broadcast-02", "live_broadcast", "dev"),
    ("id00000/singing-01-001.wav", "id00000", "id00000/singing-01", "singing", "dev"),
]
EVAL_ROWS = [
    ("id00800-enroll", "id00800", "id00800/enroll", "", "eval"),
    ("test/id00800-singing-01-001.wav", "id00800", "id00800/singing-01", "singing", "eval"),
]


def found(source: Path, *paths: str) -> list[tuple[str, ...]]:
    files = pl.DataFrame({"path": sorted(paths)}, {"path": pl.String})
    rows = CnCeleb().utterances(source, files)
    assert set(rows["path"]) <= set(paths)
    return sorted(rows.select(COLUMNS).rows())


def write_list(folder: Path) -> None:
    (folder / "dev").mkdir(parents=True)
    (folder / "dev" / "dev.lst").write_text("id00000\nid00001\n")


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("below", ["", "CN-Celeb_flac/"])
def test_evaluation_speakers_are_taken_from_eval(below: str, listed: bool, tmp_path: Path) -> None:
    if listed:
        write_list(tmp_path / below)
    paths = [below + path for path in (*DEV, *REPEATED, *EVAL)]
    assert found(tmp_path, *paths, f"{below}noise.wav") == sorted([*DEV_ROWS, *EVAL_ROWS])


def test_a_speaker_outside_the_list_is_left_out_though_eval_lacks_it(tmp_path: Path) -> None:
    write_list(tmp_path)
    rows = found(tmp_path, *DEV, "data/id00999/vlog-01-001.flac", *EVAL)
    assert {row[1] for row in rows} == {"id00000", "id00800"}


def test_without_eval_all_of_data_is_taken(tmp_path: Path) -> None:
    write_list(tmp_path)
    rows = found(tmp_path, *DEV, *REPEATED)
    assert [(row[0], row[4]) for row in rows] == [
        ("id00000/live_broadcast-02-013.wav", "dev"),
        ("id00000/singing-01-001.wav", "dev"),
        ("id00800/singing-01-001.wav", "eval"),
        ("id00800/vlog-02-001.wav", "eval"),
    ]


def test_both_releases_side_by_side(tmp_path: Path) -> None:
    write_list(tmp_path / "CN-Celeb_flac")
    first = [f"CN-Celeb_flac/{path}" for path in (*DEV, *REPEATED, *EVAL)]
    rows = found(tmp_path, *first, f"CN-Celeb2_flac/{SECOND}")
    second = ("id11000/interview-01-001.wav", "id11000", "id11000/interview-01", "interview", "dev")
    assert rows == sorted([*DEV_ROWS, *EVAL_ROWS, second])


def test_the_second_release_alone_and_other_folders(tmp_path: Path) -> None:
    assert [row[4] for row in found(tmp_path, SECOND)] == ["dev"]
    assert found(tmp_path, "elsewhere/1.flac") == []
    assert found(tmp_path) == []


def test_nothing_is_known_of_the_speakers(tmp_path: Path) -> None:
    assert CnCeleb().speakers(tmp_path).columns == ["speaker_id"]
    assert CnCeleb().speakers(tmp_path).is_empty()
