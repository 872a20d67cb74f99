"""Facts about a table in the key-value metadata of Parquet; other formats have no place for them."""

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import polars as pl

from svfair.tables.reading import is_parquet, parquet_columns, parquet_errors_named


def write_parquet(table: pl.DataFrame, path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Write a table and facts about it; without these where polars is too old to have a place for them."""
    has_place = "metadata" in signature(table.write_parquet).parameters
    options: dict[str, Any] = {"metadata": dict(facts)} if facts and has_place else {}
    table.write_parquet(path, **options)


def read_facts(path: Path) -> dict[str, str]:
    """Return the facts that a Parquet file carries; none for other formats, and where polars is too old.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    if not is_parquet(path) or not hasattr(pl, "read_parquet_metadata"):
        return {}
    parquet_columns(path)  # refuses a damaged file
    with parquet_errors_named(path), path.open("rb") as file:
        return dict(pl.read_parquet_metadata(file))
