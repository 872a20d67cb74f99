import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.manifests import TrainedSpeakers, read_trained_speakers

IDS = st.sets(st.text(min_size=1), max_size=30)


@given(trained=IDS, others=IDS)
def test_speakers_are_known_again_and_no_others(trained: set[str], others: set[str]) -> None:
    back = TrainedSpeakers.from_text(TrainedSpeakers.of(trained).to_text())
    composed = {unicodedata.normalize("NFC", name) for name in trained}
    asked = pl.Series(sorted(trained | others), dtype=pl.String)
    expected = [unicodedata.normalize("NFC", name) in composed for name in asked]
    assert back.among(asked).to_list() == expected


def test_a_name_is_one_in_both_forms_of_unicode_and_nobody_is_not_known() -> None:
    trained = TrainedSpeakers.of(["Jos\u00e9"])
    found = trained.among(pl.Series(["Jose\u0301", "Jos\u00e9", "Jose", None]))
    assert found.to_list() == [True, True, False, None]


def test_the_text_depends_on_the_set_alone_and_holds_no_name() -> None:
    ids = [f"speaker{number}" for number in range(50)]
    text = TrainedSpeakers.of(ids).to_text()
    assert text == TrainedSpeakers.of(ids[::-1] * 2).to_text()
    assert len(text) == (50 * 8 + 2) // 3 * 4
    assert "speaker" not in text
    # As files have it: it must not change with a version.
    assert TrainedSpeakers.of(["id10001"]).to_text() == "dvB9j1rHoa8="


def test_files_that_do_not_tell_say_nothing(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": ["1"]})
    table.write_parquet(tmp_path / "t.parquet")
    table.write_csv(tmp_path / "t.csv")
    assert read_trained_speakers(tmp_path / "t.parquet") is None
    assert read_trained_speakers(tmp_path / "t.csv") is None


@pytest.mark.fault("metadata of trained speakers that are damaged")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("*", "its trained speakers are no base64"),
        ("é", "its trained speakers are no base64"),
        ("AAAA", "its trained speakers are cut off"),
    ],
)
def test_damaged_metadata_are_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": ["1"]}).write_parquet(path, metadata={"svfair.trained_speakers": text})
    with pytest.raises(InputError) as caught:
        read_trained_speakers(path)
    assert str(caught.value) == f"{path}: its metadata are damaged ({reason}); write it anew"
