import gzip
from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables.reading import read_table

EXPECTED = pl.DataFrame({"name": ["a", "b c"], "age": ["30", ""], "note": ["x,y", 'say "x"']})


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        'name,age,note\na,30,"x,y"\nb c,,"say ""x"""\n',
        'name, age, note\r\na, 30, "x,y"\r\nb c, , "say ""x"""',
        '"name";"age";"note"\n"a";"30";"x,y"\n"b c";"";"say ""x"""\n',
        'name|age|note\n\na|30|x,y\nb c||"say ""x"""\n  \n',
        '\n\nname\tage\tnote \n a\t30\tx,y\nb c\t\t"say ""x"""\n\t\t\n',
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_delimiters_quotes_and_empty_lines(tmp_path: Path, content: str, packed: bool) -> None:
    data = gzip.compress(content.encode()) if packed else content.encode()
    assert read_table(write(tmp_path, data)).equals(EXPECTED)


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "table"
    EXPECTED.with_columns(pl.col("age").cast(pl.Int64, strict=False)).write_parquet(path)
    assert read_table(path).equals(EXPECTED.with_columns(age=pl.Series(["30", None])))


def test_columns_without_a_name_get_one(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, ",a,\n0,x,y\n")).rows(named=True) == [
        {"column 1": "0", "a": "x", "column 3": "y"}
    ]
    assert read_table(write(tmp_path, "one column\nx\ny\n")).rows() == [("x",), ("y",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2,3\n", "1 bad line: line 2: has 3 fields instead of 2. Mend them or take them out"),
        ("a,b\n1,2\n\n1\n", "1 bad line: line 4: has 1 field instead of 2"),
        (
            'a,b\n1\n1,2,3\n1,"2\n,,,\n',
            "line 2: has 1 field instead of 2; line 3: has 3 fields instead of 2; ",
        ),
        ('a,b\n1\n1,2,3\n1,"2\n,,,\n', "line 4: its quotation marks do not match; and 1 more like it."),
        (b"a,b\n1,\xff\n", "line 2: is not UTF-8 text"),
        # Polars takes what begins like this for a compressed file.
        (b"a,b\n\x1f\x8b1,2\n", "line 2: is not UTF-8 text"),
        ('\na,"b\n1,2\n', "line 2: its quotation marks do not match"),
        ("a,b,a\n1,2,3\n", "two columns are called 'a'; rename one"),
        ("a,b\0\n", "is not a text file"),
        (b"PAR1", "cannot be read as Parquet"),
        (b"\x1f\x8b\x08", "cannot be read ("),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
