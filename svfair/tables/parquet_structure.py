"""What a Parquet file says of its size, checked before polars believes it.

For a damaged file polars may ask for more memory than there is, and then the process ends before Python can
do anything. What it asks for stands in the footer and in the headers of pages: counts and sizes, in the
compact protocol of Thrift. They are few, so that reading them costs milliseconds.
"""

import os
from collections.abc import Collection, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

# Fields of Parquet's structures, by their numbers there.
_NUM_ROWS, _ROW_GROUPS = 3, 4
_COLUMNS, _ROWS_OF_GROUP = 1, 3
_META_DATA = 3
_PATH, _NUM_VALUES, _UNCOMPRESSED, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 3, 5, 6, 7, 9, 11
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED, _PAGES_OF_A_KIND = 2, 3, (5, 7, 8)

_MAGIC = b"PAR1"
_DEEPEST = 64

# A header of a page is short, unless its statistics hold long texts.
_HEADER_BYTES, _LONG_HEADER_BYTES = 1 << 9, 1 << 20


def damage(path: Path, columns: Collection[str] | None = None) -> str:
    """Return what is wrong with the structure of a Parquet file, or nothing.

    Parameters
    ----------
    path
        The file.
    columns
        The columns that will be read; None for all.
    """
    try:
        with path.open("rb") as file:
            return _damage(file, path.stat().st_size, columns)
    except (IndexError, ValueError, TypeError, KeyError, AttributeError, UnicodeDecodeError):
        return "its footer or the header of a page is damaged"


def _damage(file: BufferedReader, size: int, columns: Collection[str] | None) -> str:
    file.seek(max(0, size - 8))
    end = file.read()
    length = int.from_bytes(end[:4], "little")
    if len(end) < 8 or end[4:] != _MAGIC or length + 12 > size:
        return "it is cut short, or its footer is damaged"
    file.seek(size - 8 - length)
    footer = _Thrift(file.read(length)).struct()
    groups = footer[_ROW_GROUPS]
    rows = [group[_ROWS_OF_GROUP] for group in groups]
    if any(count < 0 for count in rows) or sum(rows) != footer[_NUM_ROWS]:
        return "its numbers of rows do not add up"
    memory = _memory()
    needed = 0
    for group in groups:
        for column in group[_COLUMNS]:
            facts = column[_META_DATA]
            if columns is not None and facts[_PATH][0].decode() not in columns:
                continue
            needed += max(facts[_UNCOMPRESSED], 8 * facts[_NUM_VALUES])
            if min(facts[_UNCOMPRESSED], facts[_COMPRESSED], facts[_NUM_VALUES]) < 0:
                return "a size in its footer is negative"
            if needed > memory:
                return f"its columns would take more than {memory / 2**30:.1f} GiB, the memory that there is"
            if found := _damaged_page(file, size - 8 - length, facts):
                return found
    return ""


def _damaged_page(file: BufferedReader, end: int, facts: dict[int, Any]) -> str:
    """Check that the pages of a column lie in the file, and hold no more than the column does."""
    place = min(facts[_DATA_PAGE], facts.get(_DICTIONARY_PAGE) or facts[_DATA_PAGE])
    stop = place + facts[_COMPRESSED]
    if place < len(_MAGIC) or stop > end:
        return "a column lies outside the file"
    while place < stop:
        header, page = _header(file, place, stop)
        counts = [page[kind][1] for kind in _PAGES_OF_A_KIND if kind in page]
        compressed, uncompressed = page[_PAGE_COMPRESSED], page[_PAGE_UNCOMPRESSED]
        place += header.place + compressed
        if compressed < 0 or place > stop or not 0 <= uncompressed <= facts[_UNCOMPRESSED]:
            return "the size of a page does not fit its column"
        if any(not 0 <= count <= facts[_NUM_VALUES] for count in counts):
            return "a page has more values than its column"
    return ""


def _header(file: BufferedReader, place: int, stop: int) -> "tuple[_Thrift, dict[int, Any]]":
    for most in (_HEADER_BYTES, _LONG_HEADER_BYTES):
        file.seek(place)
        header = _Thrift(file.read(min(most, stop - place)))
        try:
            return header, header.struct()
        except (IndexError, ValueError):
            if most == _LONG_HEADER_BYTES:
                raise
    raise ValueError("ends too early")


def _memory() -> int:
    """Return the memory of this machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class _Thrift:
    """Reads values of Thrift's compact protocol; a structure is a mapping of field number to value."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        return dict(self._fields(depth))

    def _fields(self, depth: int) -> Iterator[tuple[int, Any]]:
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            # A field that is true or false has its value in its head.
            yield number, kind == 1 if kind in (1, 2) else self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            if count > len(self._content):
                raise ValueError("more elements than bytes")
            return [self._element(head & 15, depth) for _ in range(count)]
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError("no such type")

    def _element(self, kind: int, depth: int) -> Any:
        return self._value(kind, depth + 1)

    def _byte(self) -> int:
        self.place += 1
        return self._content[self.place - 1]

    def _bytes(self, count: int) -> bytes:
        if self.place + count > len(self._content):
            raise ValueError("ends too early")
        self.place += count
        return self._content[self.place - count : self.place]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number is too long")

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
