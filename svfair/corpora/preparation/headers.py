"""What the headers of a stretch of files say, kept so that an interrupted preparation goes on."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from svfair.audio import AudioError, read_header
from svfair.corpora.preparation.channels import CHANNELS, KEPT_POWER, kept_power
from svfair.corpora.preparation.rejections import KIND, REASON, Kind
from svfair.tables.writing import write_table

#: Files whose headers one job reads.
FILES_A_PART = 1000

#: Bytes from the start and from the middle of a file that tell it apart from others of its size.
_PROBE = 4096

_SCHEMA = {
    "path": pl.String,
    "frames": pl.Int64,
    "sample_rate": pl.Int64,
    "probe": pl.UInt64,
    CHANNELS: pl.Int64,
    KEPT_POWER: pl.Float64,
    KIND: pl.String,
    REASON: pl.String,
}


@dataclass(frozen=True)
class Part:
    """A stretch of the listing, and the file that keeps what was found there.

    The file's name is a hash of the rows and of settings: a part that is there is valid.
    """

    rows: pl.DataFrame
    file: Path

    def __len__(self) -> int:
        return self.rows.height


def parts_of(rows: pl.DataFrame, folder: Path, *, size: int, settings: str) -> list[Part]:
    """Cut a listing (`path`, `size`, `modified_ns` and more) into parts of a size."""
    parts = []
    for piece in rows.iter_slices(size):
        name = hashlib.sha256(f"{settings}\n{piece.write_csv()}".encode()).hexdigest()[:24]
        parts.append(Part(piece, folder / f"{name}.parquet"))
    return parts


def read_headers(part: Part, source: Path) -> None:
    """Read the headers of a part's files, and write what they say, whole or not at all."""
    found = [_look_at(source, path) for path in part.rows["path"]]
    write_table(pl.DataFrame(found, _SCHEMA, orient="row"), part.file)


def _look_at(source: Path, relative: str) -> tuple[str | float | None, ...]:
    path = source / relative
    kind: Kind = "unreadable"
    try:
        header = read_header(path)
        kept = kept_power(path, header)
        probe = _probe(path)
    except AudioError as error:
        kind, reason = error.kind, error.reason
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    else:
        return relative, header.frames, header.sample_rate, probe, header.channels, kept, None, None
    return relative, *[None] * 5, kind, reason


def _probe(path: Path) -> int:
    with path.open("rb", buffering=0) as file:
        middle = os.fstat(file.fileno()).st_size // 2
        content = os.pread(file.fileno(), _PROBE, 0) + os.pread(file.fileno(), _PROBE, middle)
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def hash_file(path: str) -> tuple[str, str]:
    """Return a file's path and the hash of its content; unlike any other when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return path, hashlib.file_digest(file, "blake2b").hexdigest()
    except OSError:
        return path, f"unreadable: {path}"
