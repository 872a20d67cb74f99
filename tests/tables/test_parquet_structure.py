"""Damaged Parquet: no byte of it ends the process, and whole files are read whoever wrote them."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.tables import parquet_structure, reading
from svfair.tables.parquet_structure import damage

TABLE = pl.DataFrame(
    {
        "enrol": [f"id{row % 7}/a/{row}.wav" for row in range(200)],
        "test": [f"id{row % 5}/b/{row}.wav" if row % 9 else None for row in range(200)],
        "label": [row % 2 == 1 for row in range(200)],
        "score": [row / 7 for row in range(200)],
        "more": [[row] * (row % 3) for row in range(200)],
        "deep": [{"a": row, "b": "x"} for row in range(200)],
    }
)
WAYS: list[dict[str, Any]] = [
    {"compression": "zstd"},
    {"compression": "uncompressed"},
    {"compression": "snappy", "row_group_size": 50, "statistics": "full"},
    {"compression": "lz4", "data_page_size": 300},
    {"compression": "gzip", "statistics": False},
]

# Reads the files that it is told, one a line; whatever comes out but a table or an InputError is told.
CHILD = """
import resource, sys
from pathlib import Path
from svfair.errors import InputError
from svfair.tables.reading import parquet_columns, read_parquet
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for line in sys.stdin:
    path = Path(line.strip())
    for read in (parquet_columns, read_parquet):
        try:
            read(path)
            found = "read"
        except InputError as error:
            found = "refused" if len(str(error).splitlines()) == 1 else "more than a line"
        except BaseException as error:
            found = repr(error)[:200]
        print(path.name, found, flush=True)
"""


def child(paths: list[Path]) -> subprocess.CompletedProcess[str]:
    lines = "".join(f"{path}\n" for path in paths)
    environment = os.environ | {"POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
    return subprocess.run(
        [sys.executable, "-c", CHILD],
        input=lines,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("rows", [0, 1, 200])
def test_whole_files_are_read(tmp_path: Path, way: dict[str, Any], rows: int) -> None:
    path = tmp_path / "table.parquet"
    TABLE.head(rows).write_parquet(path, **way)
    assert damage(path, TABLE.columns) == ""
    assert reading.read_parquet(path).equals(TABLE.head(rows))


def test_long_statistics_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    table = pl.DataFrame({"text": ["x" * 5000, "y" * 5000]})
    table.write_parquet(path, statistics="full")
    assert reading.read_parquet(path).equals(table)


def damaged(folder: Path, seed: int, count: int) -> list[Path]:
    """Write files with one to four other bytes, mostly where sizes and counts stand."""
    chance = random.Random(seed)
    paths = []
    wholes = []
    for way in WAYS:
        TABLE.write_parquet(folder / "whole.parquet", **way)
        content = (folder / "whole.parquet").read_bytes()
        wholes.append((content, len(content) - 8 - int.from_bytes(content[-8:-4], "little")))
    for number in range(count):
        content, footer = chance.choice(wholes)
        changed = bytearray(content)
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            place = chance.randrange(footer if chance.random() < 0.4 else 0, len(content))
            old = changed[place]
            changed[place] = chance.choice(
                [chance.randrange(256), 0, 127, 128, 255, old ^ 1 << chance.randrange(8)]
            )
        path = folder / f"{number}.parquet"
        path.write_bytes(changed)
        paths.append(path)
    return paths


@pytest.mark.fault("Parquet that is damaged")
@pytest.mark.parametrize(
    ("seed", "count"), [(0, 300), *(pytest.param(seed, 3000, marks=pytest.mark.slow) for seed in range(1, 4))]
)
def test_no_damaged_byte_ends_the_process(tmp_path: Path, seed: int, count: int) -> None:
    paths = damaged(tmp_path, seed, count)
    ended = child(paths)
    assert ended.returncode == 0, ended.stderr[-500:]
    found = [line.partition(" ")[2] for line in ended.stdout.splitlines()]
    assert len(found) == 2 * count
    assert set(found) == {"read", "refused"}


def zigzag(value: int) -> bytes:
    """Return a number as Thrift writes it."""
    number, written = value << 1 ^ value >> 63, b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


@pytest.mark.fault("Parquet that is damaged")
@pytest.mark.parametrize("count", [-1, -64, 63, 1 << 31, (1 << 62) - 1])
def test_a_number_of_values_that_is_damaged_is_refused(tmp_path: Path, count: int) -> None:
    """Below zero, polars asked for 2^61 bytes for it, and the process ended."""
    path = tmp_path / "scores.parquet"
    TABLE.head(60).select("score").write_parquet(path, statistics=False)
    content = path.read_bytes()
    # Field 5 of a page's header, a structure whose field 1 is the number of values, 60.
    place = content.index(b"\x2c\x15" + zigzag(60)) + 2
    path.write_bytes(content[:place] + zigzag(count) + content[place + 1 :])
    with pytest.raises(InputError, match=r"scores\.parquet: cannot be read as Parquet"):
        reading.read_parquet(path)


@pytest.mark.fault("Parquet that is damaged")
@pytest.mark.parametrize("length", [0, 3, 4, 8, 11, 12, 100, -1, -8])
def test_a_file_that_is_cut_short_says_so(tmp_path: Path, length: int) -> None:
    path = tmp_path / "scores.parquet"
    TABLE.write_parquet(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match=r"is cut short, or its footer is damaged"):
        reading.read_parquet(path)


@pytest.mark.fault("tables larger than memory")
def test_a_table_larger_than_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.parquet"
    pl.DataFrame({"score": pl.repeat(0.5, 2_000_000, eager=True)}).write_parquet(path)
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(parquet_structure, "_memory", lambda: 1 << 20)
    with pytest.raises(InputError, match=r"would take more than 0\.0 GiB, the memory that there is"):
        reading.read_parquet(path)
    # Columns that are not read take nothing.
    TABLE.select("label", "score").with_columns(more=pl.lit(0.5)).write_parquet(path)
    monkeypatch.setattr(parquet_structure, "_memory", lambda: 2048)
    assert reading.read_parquet(path, ["score"]).height == TABLE.height
    with pytest.raises(InputError, match="the memory that there is"):
        reading.read_parquet(path)
    assert reading.parquet_columns(path) == ["label", "score", "more"]
