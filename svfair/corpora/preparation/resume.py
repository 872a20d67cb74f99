"""A folder that remembers what it was made with, so that nothing stale is taken for a result."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from svfair.corpora.preparation.listing import Listing
from svfair.errors import InputError
from svfair.files import make_folder, write_text_whole

_FILE = "corpus.json"


def open_folder(out: Path, settings: Mapping[str, Any]) -> None:
    """Make a folder, or open one that was made with the same settings.

    Raises
    ------
    InputError
        When the folder holds something else, was made with other settings, or cannot be made.
    """
    text = json.dumps(settings, indent=2) + "\n"
    file = out / _FILE
    if file.is_file():
        if file.read_text(encoding="utf-8") != text:
            raise InputError(f"{out}: holds a corpus with other settings (see {file}); name another folder")
        return
    # What a process that was killed had just begun is nothing.
    if out.exists() and not (out.is_dir() and all(one.suffix == ".part" for one in out.iterdir())):
        raise InputError(f"{out}: exists and holds something else; name another folder")
    make_folder(out)
    write_text_whole(file, text)


def digest_of(listing: Listing, *tables: pl.DataFrame) -> str:
    """Return a hash of the source: its files, and what its tables and this version make of them."""
    hashed = hashlib.sha256(listing.digest().encode())
    for table in tables:
        for part in table.iter_slices(50_000):
            hashed.update(part.write_csv().encode())
    return hashed.hexdigest()
