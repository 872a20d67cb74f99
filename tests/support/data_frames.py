"""Functions that take a data frame, and how they refuse one that lacks something."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError

#: A function of the data frame, one that it takes, what messages call it, and the columns that it needs.
Door = tuple[Callable[[pl.DataFrame], Any], pl.DataFrame, str, tuple[str, ...]]


def refused(door: Door, change: Callable[[pl.DataFrame], Any]) -> str:
    """Return the message, behind the data frame's name, with which a changed one is refused."""
    take, table, where, _ = door
    take(table)
    with pytest.raises(InputError) as error:
        take(change(table))
    assert str(error.value).startswith(f"{where}: ")
    return str(error.value).removeprefix(f"{where}: ")
