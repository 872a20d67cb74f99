from pathlib import Path

import polars as pl
import pytest

from svfair.data.speakers import read_speakers, with_country_region, with_gender
from svfair.errors import InputError


def write(folder: Path, text: str, mark: bytes = b"") -> Path:
    path = folder / "meta.csv"
    path.write_bytes(mark + text.encode())
    return path


def test_voxceleb_files_as_published(real_data: Path) -> None:
    one = read_speakers(real_data / "voxceleb" / "vox1_meta.csv")
    assert one.height == 1251
    assert one["gender"].value_counts(sort=True)["count"].to_list() == [690, 561]
    assert set(one["country_region"]) == {"US", "UK", "other"}
    assert one.row(0, named=True)["country"] == "Ireland"
    two = read_speakers(real_data / "voxceleb" / "vox2_meta.csv")
    assert two["speaker_id"][0] == "id00012"
    assert set(two["gender"]) == {"female", "male"}
    assert "country_region" not in two.columns


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiter_mark_and_blanks(tmp_path: Path, delimiter: str) -> None:
    text = "Speaker ,Sex ,Nationality \r\na ,M ,usa \r\nb ,f ,Scotland\r\nc,x,\r\n".replace(",", delimiter)
    table = read_speakers(write(tmp_path, text, b"\xef\xbb\xbf"))
    assert table.columns == ["speaker_id", "gender", "country", "country_region"]
    assert table["gender"].to_list() == ["male", "female", "unknown"]
    assert table["country_region"].to_list() == ["US", "UK", "unknown"]


def test_countries_fall_into_regions() -> None:
    names = [
        "USA",
        "United States",
        "u.s.",
        "England",
        "UK",
        "Northern Ireland",
        "Ireland",
        "Ukraine",
        None,
        "n/a",
    ]
    table = with_country_region(pl.DataFrame({"country": names}))
    expected = ["US"] * 3 + ["UK"] * 3 + ["other"] * 2 + ["unknown"] * 2
    assert table["country_region"].to_list() == expected
    without = pl.DataFrame({"age": [1]})
    assert with_country_region(without).equals(without)
    assert with_gender(without).equals(without)


def test_repeated_rows_are_one_and_contradictions_are_named(tmp_path: Path) -> None:
    assert read_speakers(write(tmp_path, "speaker_id,gender\na,m\na,male\n")).height == 1
    with pytest.raises(InputError, match=r"speaker 'a' has two rows that differ"):
        read_speakers(write(tmp_path, "speaker_id,gender\na,m\na,f\n"))


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column of speaker ids; found name, gender"):
        read_speakers(write(tmp_path, "name,gender\na,m\n"))
    with pytest.raises(InputError, match=r"gone.csv: cannot be read"):
        read_speakers(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="is empty"):
        read_speakers(write(tmp_path, ""))
