from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests.speakers import read_speakers, uniform_attributes, with_country_region, with_gender


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


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
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


def test_attributes_are_uniform_whatever_they_were() -> None:
    table = pl.DataFrame(
        {
            "speaker_id": ["a", "b", "c", "d", "e"],
            "gender": ["M", "woman", " male", "non-binary", None],
            "country": ["usa", "Scotland", "France", "-", None],
            "Gender": ["M"] * 5,
        }
    )
    uniform = uniform_attributes(table)
    assert uniform["gender"].to_list() == ["male", "female", "male", "other", "unknown"]
    assert uniform["country_region"].to_list() == ["US", "UK", "other", "unknown", "unknown"]
    # Countries stay as they were written, and so does what merely looks like a gender.
    assert uniform.select("speaker_id", "country", "Gender").equals(table.drop("gender"))
    assert uniform.columns == [*table.columns, "country_region"]
    assert uniform_attributes(uniform).equals(uniform)
    without = table.select("speaker_id", "Gender")
    assert uniform_attributes(without).equals(without)


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
    with pytest.raises(InputError, match="holds no speakers"):
        read_speakers(write(tmp_path, "speaker_id,gender\n"))
    with pytest.raises(
        InputError, match=r"2 bad lines: line 3: has 1 field instead of 2; line 4: has 3 fields"
    ):
        read_speakers(write(tmp_path, "speaker_id,gender\na,m\nb\nc,f,x\n"))
    with pytest.raises(InputError, match=r"1 bad line: line 4: speaker_id is empty"):
        read_speakers(write(tmp_path, "speaker_id,gender\na,m\n,\n,f\n"))


def test_quotes_bars_and_rows_without_anything(tmp_path: Path) -> None:
    text = '"Speaker; or client"|"sex"|"speaker"\n"x;y"|"F"|"a"\n||\n\n"z|z"|"m"|"b"\n'
    table = read_speakers(write(tmp_path, text))
    assert table["speaker_id"].to_list() == ["a", "b"]
    assert table["gender"].to_list() == ["female", "male"]
    assert table["Speaker; or client"].to_list() == ["x;y", "z|z"]


def test_the_best_known_name_is_the_speaker(tmp_path: Path) -> None:
    table = read_speakers(write(tmp_path, "id,speaker,gender\n1,a,m\n2,b,f\n"))
    assert table["speaker_id"].to_list() == ["a", "b"]


def test_parquet_without_a_value(tmp_path: Path) -> None:
    path = tmp_path / "speakers.parquet"
    pl.DataFrame({"speaker_id": [1, 2], "gender": ["m", None], "age": [30.5, None]}).write_parquet(path)
    table = read_speakers(path)
    assert table.rows() == [("1", "male", "30.5"), ("2", "unknown", "")]
