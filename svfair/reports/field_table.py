"""The table of the field: one row a system, EER overall, by group, and how far the groups are apart."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from svfair.metrics.comparison import Change, Comparison, compare
from svfair.metrics.results import Attribute, Evaluation, Group, Interval
from svfair.metrics.seeds import check_comparable

#: Attributes whose distance is given as a gap; those of three groups and more are given as a std.
_GAP_UP_TO = 2

_WORDS = {"gender": "gender", "country_region": "country regions"}

_NAN = float("nan")


@dataclass(frozen=True)
class Cell:
    """One figure in percent, and its relative change in percent against the first system (None there).

    NaN stands for a figure that a system does not have, and for a change that cannot be told. `interval` and
    `change_interval` are None where nothing was resampled.
    """

    value: float
    change: float | None = None
    interval: Interval | None = None
    change_interval: Interval | None = None

    @property
    def change_is_clear(self) -> bool:
        """Whether the interval of the change leaves out 0."""
        interval = self.change_interval
        return interval is not None and (interval.low > 0 or interval.high < 0)


@dataclass(frozen=True)
class FieldTable:
    """Headings of the figures, and for each system its cells in that order.

    `comparisons` has each further system's comparison with the first, None where there can be none: what
    else speaks of changes takes them from here.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    comparisons: tuple[Comparison | None, ...]


@dataclass(frozen=True)
class _Column:
    """A figure of every system: fractions, intervals, and how to find it in a comparison."""

    heading: str
    values: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    comparable: tuple[bool, ...]
    find: Callable[[Comparison], Change | None]

    def cell(self, system: int, comparison: Comparison | None) -> Cell:
        value, interval = 100 * self.values[system], _percent(self.intervals[system])
        if system == 0:
            return Cell(value, None, interval)
        if not self.comparable[system]:
            return Cell(value, _NAN, interval)
        change = relative_change(self.values[system], self.values[0])
        found = None if comparison is None else self.find(comparison)
        return Cell(value, change, interval, None if found is None else _percent(found.relative_interval))


def field_table(evaluations: Sequence[Evaluation]) -> FieldTable:
    """Build the table: overall, then for each attribute its groups and their gap or std, EER in percent.

    An attribute with two counted groups is summarised by its gap (max - min), one with more by the standard
    deviation over them (ddof 0). The first system is the baseline of the relative changes. A group that any
    system has is a column; a gap or std over other groups than the baseline's has no relative change. Changes
    have intervals where both systems were resampled with the same draws on the same trials.

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
    columns = [
        _Column(
            "overall",
            tuple(one.overall.errors.eer for one in evaluations),
            tuple(one.overall.intervals.get("eer") for one in evaluations),
            everywhere,
            lambda comparison: comparison.groups["", "overall"]["eer"],
        )
    ]
    for name in names:
        columns += _columns([one.attribute(name) for one in evaluations])
    comparisons = tuple(paired(evaluations[0], other) for other in evaluations[1:])
    compared = (None, *comparisons)
    return FieldTable(
        tuple(column.heading for column in columns),
        tuple(
            (evaluation.system, tuple(column.cell(number, compared[number]) for column in columns))
            for number, evaluation in enumerate(evaluations)
        ),
        comparisons,
    )


def paired(baseline: Evaluation, other: Evaluation) -> Comparison | None:
    """Compare two systems that were resampled alike on the same trials; None where they were not."""
    if baseline.replicates is None or other.replicates is None:
        return None
    try:
        check_comparable(baseline, other)
    except ValueError:
        return None
    return compare(baseline, other)


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
            if set(own.counted) != set(attribute.counted):
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
    name = attributes[0].name
    for group_name in dict.fromkeys(group.name for attribute in attributes for group in attribute.groups):
        groups = [_find(attribute, group_name) for attribute in attributes]
        star = "" if all(group is not None and group.counted for group in groups) else " *"
        yield _Column(
            f"{group_name}{star}",
            tuple(_NAN if group is None else group.errors.eer for group in groups),
            tuple(None if group is None else group.intervals.get("eer") for group in groups),
            everywhere,
            lambda comparison, key=(name, group_name): comparison.groups[key]["eer"],  # type: ignore[misc]
        )
    words = _WORDS.get(name, name.replace("_", " "))
    small = max(len(attribute.counted) for attribute in attributes) <= _GAP_UP_TO
    measure = "gap" if small else "std"
    spreads = [attribute.spreads["eer"] for attribute in attributes]
    yield _Column(
        f"{words} gap" if small else f"std over {words}",
        tuple(getattr(spread, measure) for spread in spreads),
        tuple(spread.intervals.get(measure) for spread in spreads),
        tuple(set(attribute.counted) == set(attributes[0].counted) for attribute in attributes),
        # With fewer than two groups that count there is no distance to compare.
        lambda comparison: comparison.spreads.get((name, "eer"), {}).get(measure),
    )


def _find(attribute: Attribute, name: str) -> Group | None:
    return next((group for group in attribute.groups if group.name == name), None)


def _listed(attribute: Attribute) -> str:
    return ", ".join(attribute.counted) or "none"


def _trials(evaluation: Evaluation) -> str:
    errors = evaluation.overall.errors
    return f"{errors.targets:,} target and {errors.non_targets:,} non-target"


def _percent(interval: Interval | None) -> Interval | None:
    if interval is None or math.isnan(interval.low):
        return None
    return Interval(100 * interval.low, 100 * interval.high)
