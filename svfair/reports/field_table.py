"""The table of the field: one row a system, EER overall, by group, and how far the groups are apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from svfair.metrics.results import Attribute, Evaluation

#: Attributes whose distance is given as a gap; those of three groups and more are given as a std.
_GAP_UP_TO = 2

_WORDS = {"gender": "gender", "country_region": "country regions"}


@dataclass(frozen=True)
class Cell:
    """One figure in percent, and its relative change in percent against the first system (None there)."""

    value: float
    change: float | None = None


@dataclass(frozen=True)
class FieldTable:
    """Headings of the figures, and for each system its cells in that order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def field_table(evaluations: Sequence[Evaluation]) -> FieldTable:
    """Build the table: overall, then for each attribute its groups and their gap or std, EER in percent.

    An attribute with two counted groups is summarised by its gap (max - min), one with more by the standard
    deviation over them (ddof 0). The first system is the baseline of the relative changes. The groups are
    those of the first system's trials.
    """
    baseline = evaluations[0]
    columns = ["overall"]
    for attribute in baseline.attributes:
        columns += [f"{group.name}{'' if group.counted else ' *'}" for group in attribute.groups]
        columns.append(_summary_name(attribute))
    rows = []
    first: list[float] = []
    for evaluation in evaluations:
        values = [evaluation.overall.errors.eer]
        for attribute in baseline.attributes:
            own = evaluation.attribute(attribute.name)
            values += [own.group(group.name).errors.eer for group in attribute.groups]
            summary = own.spreads["eer"]
            values.append(summary.gap if _is_gap(attribute) else summary.std)
        first = first or values
        cells = (
            Cell(100 * value, None if evaluation is baseline else relative_change(value, reference))
            for value, reference in zip(values, first, strict=True)
        )
        rows.append((evaluation.system, tuple(cells)))
    return FieldTable(tuple(columns), tuple(rows))


def relative_change(value: float, reference: float) -> float:
    """Return 100 (value - reference) / reference; NaN when the reference is 0."""
    return 100 * (value - reference) / reference if reference else float("nan")


def _is_gap(attribute: Attribute) -> bool:
    return sum(group.counted for group in attribute.groups) <= _GAP_UP_TO


def _summary_name(attribute: Attribute) -> str:
    words = _WORDS.get(attribute.name, attribute.name)
    return f"{words} gap" if _is_gap(attribute) else f"std over {words}"
