"""What to show of a table whose columns are not known: its first lines, and options to copy."""

from collections.abc import Sequence

from svfair.errors import Parameter, shown
from svfair.trials.label_words import LABELS
from svfair.trials.layouts import Sample, is_number

#: Options in the order in which they are shown.
_FIELDS = ("enrol", "test", "is_target", "score")
_SHOWN_LINES = 3


def hints_of(header: Sequence[str], sample: Sample, wanted: Sequence[str]) -> list[list[str]]:
    """Return lines that show a file's first lines, and how its columns could be named, if there are enough.

    Parameters
    ----------
    header
        Names of the columns.
    sample
        The first lines, the header among them or not.
    wanted
        The fields that are read.
    """
    rows = [fields for fields in sample.lines if len(fields) == len(header)]
    lines = [[f"    {shown('  '.join(fields), 120)}"] for fields in rows[:_SHOWN_LINES]]
    if any(is_number(name) for name in header):
        return [["The first lines are:"], *lines, ["They seem to have no header: put a line of names above."]]
    guess = _guess(header, [fields for fields in rows if list(fields) != list(header)])
    fields = [name for name in _FIELDS if name in wanted]
    if not all(name in guess for name in fields):
        return []
    mapping: list[str] = ["For example: "]
    for name in fields:
        option = "label" if name == "is_target" else name
        mapping += [Parameter(f"{option}_column"), f" '{shown(guess[name])}' "]
    mapping[-1] = mapping[-1].rstrip()
    return [*([["The first lines are:"], *lines] if lines else []), mapping]


def _guess(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return which column could be which field: labels and numbers are told by content."""
    places = list(range(len(header)))
    guess: dict[str, str] = {}

    def take(name: str, place: int) -> None:
        places.remove(place)
        guess[name] = header[place]

    for name, fits in (("is_target", lambda field: field.lower() in LABELS), ("score", is_number)):
        found = [place for place in places if rows and all(fits(fields[place]) for fields in rows)]
        if found:
            # Numbers of rows come first, scores last.
            take(name, found[-1] if name == "score" else found[0])
    texts = [place for place in places if not (rows and all(is_number(fields[place]) for fields in rows))]
    for name, place in zip(("enrol", "test"), texts, strict=False):
        take(name, place)
    for name in _FIELDS:
        if name not in guess and places:
            take(name, places[0])
    return guess
