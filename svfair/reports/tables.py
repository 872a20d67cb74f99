"""Tables for people: in the terminal and as Markdown."""

import math
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from svfair.metrics.results import Evaluation, Group
from svfair.reports.field_table import Cell, field_table


def print_evaluations(console: Console, evaluations: Sequence[Evaluation]) -> None:
    """Print the field's table, and for each system a table of its groups."""
    table = field_table(evaluations)
    title = "EER in %" + (" (relative change in %)" if len(evaluations) > 1 else "")
    shown = _table(title)
    shown.add_column("system", overflow="fold")
    for index, column in enumerate(table.columns):
        figures = (format_cell(row[index], separator="\n") for _, row in table.rows)
        _add_figures(shown, escape(column), figures)
    for system, cells in table.rows:
        shown.add_row(escape(system), *(format_cell(cell, separator="\n") for cell in cells))
    console.print(shown)
    for evaluation in evaluations:
        print_groups(console, evaluation)
    console.print(footnotes(evaluations[0]), soft_wrap=True, highlight=False, markup=False)


def print_groups(console: Console, evaluation: Evaluation) -> None:
    """Print one row a group: speakers, trials, and its error rates; a star leads to its note."""
    point = evaluation.operating_point
    table = _table(f"{evaluation.system}: groups")
    table.add_column("group", overflow="fold")
    minimum_cost = f"minDCF P={point.p_target:g}"
    for column in (
        "speakers",
        "targets",
        "non- targets",
        "EER %",
        minimum_cost,
        "FNMR % pooled",
        "FMR % pooled",
    ):
        _add_figures(table, column, ("999,999",))
    table.add_row("overall", *_figures(evaluation.overall))
    for attribute in evaluation.attributes:
        table.add_row(attribute.name.replace("_", " "), style="dim")
        for group in attribute.groups:
            table.add_row(f"  {escape(group.name)}{'' if group.counted else ' *'}", *_figures(group))
    console.print(table)
    for attribute in evaluation.attributes:
        for group in attribute.groups:
            if group.note:
                note = f"* {attribute.name} {group.name}: {group.note}"
                console.print(note, soft_wrap=True, highlight=False, markup=False)


def _table(title: str) -> Table:
    return Table(title=title, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)


def _add_figures(table: Table, heading: str, cells: Iterable[str]) -> None:
    """Add a column of figures that a narrow terminal may wrap but never cuts short."""
    words = [*heading.split(), *(line for cell in cells for line in cell.split("\n"))]
    table.add_column(heading, justify="right", min_width=max(len(word) for word in words))


def _figures(group: Group) -> list[str]:
    errors = group.errors
    return [
        f"{group.speakers:,}",
        f"{errors.targets:,}",
        f"{errors.non_targets:,}",
        percent(errors.eer),
        number(errors.min_dcf, 3),
        percent(errors.fnmr_at_pooled),
        percent(errors.fmr_at_pooled),
    ]


def to_markdown(evaluations: Sequence[Evaluation]) -> str:
    """Return the field's table as Markdown."""
    table = field_table(evaluations)
    lines = [
        "| system | " + " | ".join(table.columns) + " |",
        "|---" * (len(table.columns) + 1) + "|",
    ]
    for system, cells in table.rows:
        lines.append(f"| {system} | " + " | ".join(format_cell(cell, separator=" ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def footnotes(evaluation: Evaluation) -> str:
    """Return what a reader must know of the figures, one sentence a line."""
    lines = [
        f"Groups: a trial is in a group by the rule '{evaluation.group_rule}'. EER: each group at its own "
        f"threshold. At pooled: all groups at {number(evaluation.pooled_threshold, 4)}, the threshold of "
        "equal error over all trials. These figures carry no intervals: small differences may be chance."
    ]
    for attribute in evaluation.attributes:
        if attribute.trials_outside:
            lines.append(
                f"{attribute.name}: {attribute.trials_outside:,} trials cross groups and are in none of them."
            )
        left_out = [group.name for group in attribute.groups if not group.counted]
        if left_out:
            lines.append(f"{attribute.name}: left out of gap and std: {', '.join(left_out)} (see note).")
    return "\n".join(lines)


def format_cell(cell: Cell, separator: str) -> str:
    """Return `2.40`, or with a change `2.22 (-7.6)`."""
    value = number(cell.value, 2)
    if cell.change is None:
        return value
    return f"{value}{separator}({'-' if math.isnan(cell.change) else f'{cell.change:+.1f}'})"


def percent(fraction: float) -> str:
    """Return a fraction in percent with two digits, `-` for NaN."""
    return number(100 * fraction, 2)


def number(value: float, digits: int) -> str:
    """Return a number with fixed digits, `-` for NaN."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
