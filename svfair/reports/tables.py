"""Tables for people: in the terminal and as Markdown."""

import math
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from svfair.metrics.results import Evaluation, Group
from svfair.reports.field_table import Cell, field_table, mismatches


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
    for line in [*mismatches(evaluations), *footnotes(evaluations)]:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


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
        _markdown_row("system", *table.columns),
        "|---" * (len(table.columns) + 1) + "|",
    ]
    for system, cells in table.rows:
        lines.append(_markdown_row(system, *(format_cell(cell, separator=" ") for cell in cells)))
    return "\n".join(lines) + "\n"


def _markdown_row(*cells: str) -> str:
    # A bar in the name of a system or group would begin another cell.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def footnotes(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return what a reader must know of the figures, a few sentences a line."""
    several = len(evaluations) > 1
    thresholds = ", ".join(
        number(evaluation.pooled_threshold, 4) + (f" for {evaluation.system}" if several else "")
        for evaluation in evaluations
    )
    lines = [
        f"Groups: a trial is in a group by the rule '{evaluations[0].group_rule}'. EER: each group at its "
        "own threshold. At pooled: all groups of a system at its threshold of equal error over all trials, "
        f"{thresholds}. These figures carry no intervals: small differences may be chance."
    ]
    left_out = [_left_out(evaluation) for evaluation in evaluations]
    if all(own == left_out[0] for own in left_out):
        return lines + left_out[0]
    for evaluation, own in zip(evaluations, left_out, strict=True):
        lines += [f"{evaluation.system}, {line}" for line in own]
    return lines


def _left_out(evaluation: Evaluation) -> list[str]:
    """Say which trials are in no group, and which groups are not in the gap."""
    lines = []
    for attribute in evaluation.attributes:
        if attribute.trials_outside:
            lines.append(
                f"{attribute.name}: {attribute.trials_outside:,} trials cross groups and are in none of them."
            )
        flagged = [group.name for group in attribute.groups if not group.counted]
        if flagged:
            lines.append(f"{attribute.name}: left out of gap and std: {', '.join(flagged)} (see note).")
    return lines


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
