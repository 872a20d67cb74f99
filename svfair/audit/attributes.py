"""Attributes of speakers that a user asks for: a column, a crossing of columns, or a number in bins."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from svfair.missing import UNKNOWN

#: Attribute to speaker to value.
SpeakerColumns = Mapping[str, Mapping[str, str | None]]


def resolve_attribute(text: str, columns: SpeakerColumns) -> dict[str, str]:
    """Return the group of each speaker.

    Parameters
    ----------
    text
        `gender`; `gender*country` for their crossing (groups `female, US`); `age:30,50` for a number in bins
        (groups `under 30`, `30 to 50`, `50 and over`; a value at an edge is in the upper bin).
    columns
        For each attribute of the speakers, speaker to value.

    Raises
    ------
    ValueError
        When there is no such column, edges are not rising numbers, or a column holds no numbers to bin.
    """
    # A column may have an asterisk or a colon in its own name.
    names = [text] if text in columns else [name.strip() for name in text.split("*")]
    parts = [_part(name, columns) for name in names]
    speakers = dict.fromkeys(speaker for part in parts for speaker in part)
    groups = {}
    for speaker in speakers:
        values = [part.get(speaker, UNKNOWN) for part in parts]
        groups[speaker] = UNKNOWN if UNKNOWN in values else ", ".join(values)
    return groups


def _part(text: str, columns: SpeakerColumns) -> dict[str, str]:
    name, colon, edges = (text, "", "") if text in columns else text.rpartition(":")
    if name not in columns:
        wanted = name if colon else text
        raise ValueError(f"no such attribute '{wanted}'; the speakers have {', '.join(columns)}")
    if not colon:
        return {speaker: value or UNKNOWN for speaker, value in columns[name].items()}
    return _binned(name, columns[name], _edges(text, edges))


def _edges(text: str, edges: str) -> list[float]:
    try:
        numbers = [float(edge) for edge in edges.split(",")]
    except ValueError:
        numbers = []
    if not numbers or any(not a < b for a, b in pairwise(numbers)) or not all(map(math.isfinite, numbers)):
        raise ValueError(f"'{text}': bins need rising numbers, such as age:30,50")
    return numbers


def _binned(name: str, values: Mapping[str, str | None], edges: Sequence[float]) -> dict[str, str]:
    labels = [
        f"under {edges[0]:.15g}",
        *(f"{low:.15g} to {high:.15g}" for low, high in pairwise(edges)),
        f"{edges[-1]:.15g} and over",
    ]
    groups = {}
    for speaker, value in values.items():
        number = _number(value)
        groups[speaker] = UNKNOWN if number is None else labels[sum(number >= edge for edge in edges)]
    if values and set(groups.values()) == {UNKNOWN}:
        raise ValueError(f"'{name}' holds no numbers, so it cannot be put in bins")
    return groups


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
