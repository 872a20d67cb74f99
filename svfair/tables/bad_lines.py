"""What is wrong in many places, such as lines that a reader could not use: counted, and the first shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svfair.errors import InputError

#: Number of a line (from 1) and what is wrong there.
BadLine = tuple[int, str]

_SHOWN = 3


@dataclass(frozen=True)
class Rejected:
    """What a lenient reader left out.

    Parameters
    ----------
    count
        Lines that hold something but could not be used.
    first
        The first three of them, such as `line 7: score 'nan' is not a finite number`.
    unscored
        Trials of the list that labels came from for which no score was read.
    """

    count: int = 0
    first: tuple[str, ...] = ()
    unscored: int = 0


def rejected(bad: Sequence[BadLine], unit: str = "line", *, unscored: int = 0) -> Rejected:
    """Count bad lines and describe the first; `unit` is what the file consists of, `line` or `row`."""
    first = sorted(bad)[:_SHOWN]
    return Rejected(len(bad), tuple(f"{unit} {number}: {reason}" for number, reason in first), unscored)


def refuse(path: Path, bad: Sequence[BadLine], unit: str, *advice: str) -> None:
    """Raise an `InputError` that tells how many lines are bad and shows the first, if any is.

    Raises
    ------
    InputError
        When `bad` holds something.
    """
    if not bad:
        return
    found = rejected(bad, unit)
    more = found.count - len(found.first)
    others = f"; and {more:,} more like {'it' if more == 1 else 'them'}" if more else ""
    raise InputError(
        f"{path}: {found.count:,} bad {unit}{'s' if found.count > 1 else ''}: "
        f"{'; '.join(found.first)}{others}. ",
        *advice,
    )


def first_of(texts: Sequence[str], count: int) -> str:
    """Return the first three texts, and how many more there are of `count`."""
    more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def others_like_it(count: int, what: str = "") -> str:
    """Return ` (3 more rows like it)` when there are four `rows`, and nothing for one."""
    return f" ({count - 1:,} more {what}{' ' if what else ''}like it)" if count > 1 else ""
