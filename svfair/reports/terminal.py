"""Tables for people in the terminal."""

import math
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from svfair.audit import Audit
from svfair.errors import visible
from svfair.metrics.results import Evaluation, Group, Interval
from svfair.reports.field_table import Cell, FieldTable, field_table, mismatches
from svfair.reports.numbers import PLAIN
from svfair.reports.words import resampling_words, threshold_words

#: Rates whose distance between groups is shown, in words.
_DISTANCES = (("eer", "EER"), ("fnmr_at_pooled", "FNMR"), ("fmr_at_pooled", "FMR"))


def print_audits(console: Console, audits: Sequence[Audit]) -> None:
    """Print the field's table, changes with intervals, and for each system its groups and their distances."""
    evaluations = [audit.evaluation for audit in audits]
    table = field_table(evaluations)
    several = len(evaluations) > 1
    shown = _table("EER in %" + (" (relative change in %)" if several else ""))
    shown.add_column("system", overflow="fold")
    for index, column in enumerate(table.columns):
        figures = (format_cell(row[index], separator="\n", marked=False) for _, row in table.rows)
        _add_figures(shown, _plain(column), figures)
    for system, cells in table.rows:
        shown.add_row(_plain(system), *(format_cell(cell, "\n", marked=False) for cell in cells))
    console.print(shown)
    for system, cells in table.rows[1:]:
        if any(cell.change_interval for cell in cells):
            console.print(_changes(table, system, cells))
    for evaluation in evaluations:
        print_groups(console, evaluation)
        if evaluation.replicates is not None:
            print_distances(console, evaluation)
    for line in [*mismatches(evaluations), *footnotes(evaluations)]:
        console.print(visible(line), soft_wrap=True, highlight=False, markup=False)


def _changes(table: FieldTable, system: str, cells: Sequence[Cell]) -> Table:
    """Return one row a figure: the baseline's, the other's and the change, each above its interval."""
    baseline, base = table.rows[0]
    shown = _table(f"From {_plain(baseline)} to {_plain(system)}: EER in %, with intervals")
    shown.add_column("", overflow="fold")
    for heading in (_plain(baseline), _plain(system), "change %"):
        shown.add_column(heading, justify="right", overflow="fold")
    for column, before, after in zip(table.columns, base, cells, strict=True):
        change = "-" if after.change is None or math.isnan(after.change) else f"{after.change:+.1f}"
        shown.add_row(
            _plain(column),
            with_interval(PLAIN.decimal(before.value, 2), before.interval),
            with_interval(PLAIN.decimal(after.value, 2), after.interval),
            "\n".join(
                filter(
                    None,
                    (
                        change + (" !" if after.change_is_clear else ""),
                        PLAIN.between(after.change_interval, 1, plus=True),
                    ),
                )
            ),
        )
    return shown


def print_groups(console: Console, evaluation: Evaluation) -> None:
    """Print one row a group: speakers, trials, and its error rates; a star leads to its note."""
    point = evaluation.settings.operating_point
    table = _table(f"{_plain(evaluation.system)}: groups")
    table.add_column("group", overflow="fold")
    groups = [evaluation.overall, *(group for one in evaluation.attributes for group in one.groups)]
    figures = zip(*(_figures(group) for group in groups), strict=True)
    minimum_cost = f"minDCF P={point.p_target:g}"
    headings = ("speakers", "targets, others", "EER %", minimum_cost, "FNMR %", "FMR %")
    for heading, cells in zip(headings, figures, strict=True):
        _add_figures(table, heading, cells)
    table.add_row("overall", *_figures(evaluation.overall))
    for attribute in evaluation.attributes:
        table.add_row(_plain(attribute.name.replace("_", " ")), style="dim")
        for group in attribute.groups:
            table.add_row(f"  {_plain(group.name)}{'' if group.counted else ' *'}", *_figures(group))
    console.print(table)
    for attribute in evaluation.attributes:
        for group in attribute.groups:
            if group.note:
                note = f"* {attribute.name} {group.name}: {group.note}"
                console.print(visible(note), soft_wrap=True, highlight=False, markup=False)


def print_distances(console: Console, evaluation: Evaluation) -> None:
    """Print how far the groups of each attribute are apart, with intervals and what chance gives."""
    table = _table(f"{_plain(evaluation.system)}: how far groups are apart")
    for heading in ("", "worst group"):
        table.add_column(heading, overflow="fold")
    for heading in ("gap, points", "worst / best", "gap of chance, 95 %", "p"):
        table.add_column(heading, justify="right", overflow="fold")
    for attribute in evaluation.attributes:
        if len(attribute.counted) < 2:
            continue
        table.add_row(_plain(attribute.name.replace("_", " ")), style="dim")
        for rate, words in _DISTANCES:
            spread = attribute.spreads[rate]
            chance = spread.chance
            table.add_row(
                f"  {words}",
                _plain(spread.worst_group),
                with_interval(PLAIN.percent(spread.gap), spread.intervals.get("gap"), scale=100),
                with_interval(PLAIN.decimal(spread.ratio, 2), spread.intervals.get("ratio")),
                "-" if chance is None else PLAIN.percent(chance.high),
                "-" if chance is None else PLAIN.decimal(chance.p_value, 3),
            )
    console.print(table)


def _plain(text: str) -> str:
    """Return a name that a stranger may have chosen as it can stand in a terminal: no markup, no commands."""
    return escape(visible(text).replace("\n", " "))


def _table(title: str) -> Table:
    return Table(title=title, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)


def _add_figures(table: Table, heading: str, cells: Iterable[str]) -> None:
    """Add a column of figures that a narrow terminal may wrap but never cuts short."""
    words = [*heading.split(), *(line for cell in cells for line in cell.split("\n"))]
    table.add_column(heading, justify="right", min_width=max(len(word) for word in words))


def _figures(group: Group) -> list[str]:
    errors, intervals = group.errors, group.intervals
    return [
        f"{group.speakers:,}",
        f"{errors.targets:,}\n{errors.non_targets:,}",
        with_interval(PLAIN.percent(errors.eer), intervals.get("eer"), scale=100),
        PLAIN.decimal(errors.min_dcf, 3),
        with_interval(PLAIN.percent(errors.fnmr_at_pooled), intervals.get("fnmr_at_pooled"), scale=100),
        with_interval(PLAIN.percent(errors.fmr_at_pooled), intervals.get("fmr_at_pooled"), scale=100),
    ]


def with_interval(figure: str, interval: Interval | None, *, scale: float = 1.0) -> str:
    """Return a figure above its interval: `2.40` and `2.18-2.62`."""
    return "\n".join(filter(None, (figure, PLAIN.between(interval, 2, scale=scale, joint="-"))))


def footnotes(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return what a reader must know of the figures, a few sentences a line."""
    several = len(evaluations) > 1
    settings = evaluations[0].settings
    thresholds = ", ".join(
        PLAIN.decimal(evaluation.pooled_threshold, 4) + (f" for {evaluation.system}" if several else "")
        for evaluation in evaluations
    )
    lines = [
        f"Groups: a trial is in a group by the rule '{settings.rule}'. EER ({settings.eer_kind}): each group "
        f"at its own threshold. FNMR and FMR: at {threshold_words(settings)} ({settings.threshold}): "
        f"{thresholds}."
    ]
    lines += dict.fromkeys(resampling_words(evaluation) for evaluation in evaluations)
    if any(evaluation.replicates is not None for evaluation in evaluations[1:]):
        lines.append("! marks a change whose interval leaves out 0.")
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


def format_cell(cell: Cell, separator: str, *, marked: bool = True) -> str:
    """Return `2.40`, or with a change `2.22 (-7.6)`; `marked`, with `!` where the change is clear."""
    value = PLAIN.decimal(cell.value, 2)
    if cell.change is None:
        return value
    mark = " !" if marked and cell.change_is_clear else ""
    return f"{value}{separator}({'-' if math.isnan(cell.change) else f'{cell.change:+.1f}'}{mark})"
