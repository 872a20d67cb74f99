"""The table of the field: one row a system, EER overall, by group, and how far the groups are apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from svfair.metrics.results import Attribute, Evaluation, Group

#: Attributes whose distance is given as a gap; those of three groups and more are given as a std.
_GAP_UP_TO = 2

_WORDS = {"gender": "gender", "country_region": "country regions"}

_NAN = float("nan")


@dataclass(frozen=True)
class Cell:
    """One figure in percent, and its relative change in percent against the first system (None there).

    NaN stands for a figure that a system does not have, and for a change that cannot be told.
    """

    value: float
    change: float | None = None


@dataclass(frozen=True)
class FieldTable:
    """Headings of the figures, and for each system its cells in that order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class _Column:
    heading: str
    values: tuple[float, ...]
    comparable: tuple[bool, ...]

    def cell(self, system: int) -> Cell:
        value = 100 * self.values[system]
        if system == 0:
            return Cell(value)
        change = relative_change(self.values[system], self.values[0])
        return Cell(value, change if self.comparable[system] else _NAN)


def field_table(evaluations: Sequence[Evaluation]) -> FieldTable:
    """Build the table: overall, then for each attribute its groups and their gap or std, EER in percent.

    An attribute with two counted groups is summarised by its gap (max - min), one with more by the standard
    deviation over them (ddof 0). The first system is the baseline of the relative changes. A group that any
    system has is a column; a gap or std over other groups than the baseline's has no relative change.

    Raises
    ------
    ValueError
        When there is no evaluation, or they are not of the same attributes.
    """
    if not evaluations:
        raise ValueError("there is no evaluation to show")
    names = [attribute.name for attribute in evaluations[0].attributes]
    if any([attribute.name for attribute in other.attributes] != names for other in evaluations):
        raise ValueError("the evaluations are not of the same attributes")
    everywhere = (True,) * len(evaluations)
    columns = [_Column("overall", tuple(one.overall.errors.eer for one in evaluations), everywhere)]
    for name in names:
        columns += _columns([one.attribute(name) for one in evaluations])
    return FieldTable(
        tuple(column.heading for column in columns),
        tuple(
            (evaluation.system, tuple(column.cell(number) for column in columns))
            for number, evaluation in enumerate(evaluations)
        ),
    )


def mismatches(evaluations: Sequence[Evaluation]) -> list[str]:
    """Say where a further system was measured on other trials or groups than the first."""
    baseline = evaluations[0]
    sentences = []
    for other in evaluations[1:]:
        if _trials(other) != _trials(baseline):
            sentences.append(
                f"{other.system} was scored on other trials than {baseline.system}: {_trials(other)} against "
                f"{_trials(baseline)}. Changes between them are those of the trials, too."
            )
        for attribute in baseline.attributes:
            own = other.attribute(attribute.name)
            if _counted(own) != _counted(attribute):
                sentences.append(
                    f"{attribute.name}: the groups that count are {_listed(attribute)} for "
                    f"{baseline.system}, but {_listed(own)} for {other.system}; their gap or std is over "
                    "different groups and is not compared."
                )
    return sentences


def relative_change(value: float, reference: float) -> float:
    """Return 100 (value - reference) / reference; NaN when the reference is 0."""
    return 100 * (value - reference) / reference if reference else _NAN


def _columns(attributes: Sequence[Attribute]) -> Iterator[_Column]:
    """Yield the groups of one attribute, each system's own, and how far they are apart."""
    everywhere = (True,) * len(attributes)
    for name in dict.fromkeys(group.name for attribute in attributes for group in attribute.groups):
        groups = [_find(attribute, name) for attribute in attributes]
        star = "" if all(group is not None and group.counted for group in groups) else " *"
        eers = tuple(_NAN if group is None else group.errors.eer for group in groups)
        yield _Column(f"{name}{star}", eers, everywhere)
    words = _WORDS.get(attributes[0].name, attributes[0].name)
    spreads = [attribute.spreads["eer"] for attribute in attributes]
    comparable = tuple(_counted(attribute) == _counted(attributes[0]) for attribute in attributes)
    if max(len(_counted(attribute)) for attribute in attributes) <= _GAP_UP_TO:
        yield _Column(f"{words} gap", tuple(spread.gap for spread in spreads), comparable)
    else:
        yield _Column(f"std over {words}", tuple(spread.std for spread in spreads), comparable)


def _find(attribute: Attribute, name: str) -> Group | None:
    return next((group for group in attribute.groups if group.name == name), None)


def _counted(attribute: Attribute) -> set[str]:
    return {group.name for group in attribute.groups if group.counted}


def _listed(attribute: Attribute) -> str:
    return ", ".join(group.name for group in attribute.groups if group.counted) or "none"


def _trials(evaluation: Evaluation) -> str:
    errors = evaluation.overall.errors
    return f"{errors.targets:,} target and {errors.non_targets:,} non-target"
