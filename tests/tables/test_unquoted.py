import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.tables import read_unquoted, reading

TABLE = 'client_id\tsentence\tage \tgender\nc1\t"Oh\t twenties\t\nc2\tsay "x"\t\tm\n\nc3\té\t\t\n'


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "dress",
    [
        str.encode,
        lambda text: gzip.compress(text.encode()),
        lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        lambda text: text.removesuffix("\n").encode(),
        lambda text: ("\n" * 3 + text).encode(),
    ],
)
def test_wanted_columns_are_read_and_quotation_marks_are_letters(
    tmp_path: Path, dress: Callable[[str], bytes]
) -> None:
    path = write(tmp_path, dress(TABLE))
    records = read_unquoted(path, ["client_id"], ["age", "accent", "sentence"])
    assert records.table.columns == ["client_id", "age", "sentence"]
    assert records.table.rows() == [("c1", "twenties", '"Oh'), ("c2", "", 'say "x"'), ("c3", "", "é")]
    shift = 3 if path.read_bytes().startswith(b"\n") else 0
    assert records.numbers.to_list() == [2 + shift, 3 + shift, 5 + shift]
    assert records.bad == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TABLE + "c4\tshort\tm\n", "1 bad line: line 6: has 3 fields instead of 4. Mend them or take them"),
        # Together they have as many tabs as two right lines.
        (TABLE + "c4\tshort\tm\nc5\ta\tb\tc\td\n", "line 6: has 3 fields instead of 4; line 7: has 5 fields"),
        (TABLE.replace("client_id", "id"), "no column 'client_id'; found id, sentence, age, gender. It has"),
        (TABLE.encode() + b"c4\t\xff\t\t\n", "line 6: is not UTF-8 text"),
        ("\n\n", "is empty"),
        ("", "is empty"),
        (b"a\0", "is not a text file"),
        (TABLE.encode("utf-16"), "is UTF-16 text"),
        (gzip.compress(TABLE.encode(), mtime=0)[:-9], "cannot be read ("),
    ],
)
@pytest.mark.parametrize("block", [1 << 25, 16])
def test_bad_tables_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, message: str, block: int
) -> None:
    monkeypatch.setattr(reading, "_BLOCK", block)
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_unquoted(path, ["client_id"], ["age"])
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.tsv: cannot be read"):
        read_unquoted(tmp_path / "gone.tsv", ["client_id"])


CELLS = st.text('ab" ,é\u2028\x0b', max_size=4)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12),
    empty=st.lists(st.integers(0, 12), max_size=3),
    block=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
)
def test_it_is_read_in_blocks_as_a_loop_reads_it(
    tmp_path: Path, rows: list[tuple[str, str, str]], empty: list[int], block: int, end: str, last: bool
) -> None:
    lines = ["one\ttwo\tthree", *("\t".join(row) for row in rows)]
    for place in empty:
        lines.insert(1 + place, "")
    path = write(tmp_path, end.join(lines) + end * last)
    expected = [
        (number, tuple(cell.strip() for cell in line.split("\t")))
        for number, line in enumerate(lines, 1)
        if line.encode().strip()
    ][1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_BLOCK", block)
        records = read_unquoted(path, ["three", "one"])
    assert records.numbers.to_list() == [number for number, _ in expected]
    assert records.table.rows() == [(row[2], row[0]) for _, row in expected]
