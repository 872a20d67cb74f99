from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables import read_table, write_table
from svfair.tables.facts import read_facts
from svfair.tables.reading import parquet_columns

TABLE = pl.DataFrame({"name": ["a,b", "c"], "age": ["30", ""]})


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_what_is_written_is_read_back_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    write_table(TABLE, tmp_path / name)
    assert read_table(tmp_path / name).equals(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes().startswith(b"PAR1") == (name == "table.parquet")


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_table(TABLE, path)
    with pytest.raises(InputError, match=r"table.csv: cannot be written \(.*nested"):
        write_table(TABLE.with_columns(ages=pl.lit([1, 2])), path)
    assert read_table(path).equals(TABLE)
    with pytest.raises(InputError, match="gone"):
        write_table(TABLE, tmp_path / "gone" / "table.csv")


@pytest.mark.fault("paths that lead elsewhere")
@pytest.mark.parametrize(
    "name", ["a[1].parquet", "a*.parquet", "a?.parquet", "[ab]/c.parquet", "a.csv", "a[1].csv"]
)
def test_a_path_is_no_pattern(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    # What the patterns would find.
    for other in ("a1.parquet", "ab.parquet", "a1.csv"):
        write_table(pl.DataFrame({"a": ["other"]}), tmp_path / other)
    write_table(pl.DataFrame({"a": ["own"]}), path)
    assert read_table(path)["a"].to_list() == ["own"]
    if path.suffix == ".parquet":
        assert parquet_columns(path) == ["a"]
        assert "ARROW:schema" in read_facts(path)
