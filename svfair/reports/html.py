"""One self-contained HTML file for people."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from svfair import __version__
from svfair.files import write_text_whole
from svfair.metrics.results import Attribute, Evaluation, Group
from svfair.reports.det_plot import COLOURS, det_plot, legend_key
from svfair.reports.field_table import field_table, mismatches
from svfair.reports.tables import footnotes, format_cell, number, percent


def write_report(
    path: Path,
    evaluations: Sequence[Evaluation],
    *,
    title: str,
    notes: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write the report of one or more systems, whole or not at all.

    Parameters
    ----------
    path
        The file.
    evaluations
        The first is the baseline that others are compared with.
    title
        Heading.
    notes
        Sentences that belong above the figures, such as what they do not show.
    facts
        What a reader needs to repeat the figures: versions, seeds, inputs.
    """
    environment = Environment(
        loader=PackageLoader("svfair.reports"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        title=title,
        notes=[*notes, *mismatches(evaluations)],
        facts={"svfair": __version__, **(facts or {})},
        comparisons=comparisons(evaluations),
        headlines=headlines,
        table=field_table(evaluations),
        evaluations=evaluations,
        footnotes=footnotes(evaluations),
        format_cell=partial(format_cell, separator="\n"),
        percent=percent,
        number=number,
        det=_det,
        curves=curves,
        key=lambda index: Markup(legend_key(index)),
        bar=_bar,
        notes_of=_notes_of,
        colours=COLOURS,
    )
    write_text_whole(path, page)


def comparisons(evaluations: Sequence[Evaluation]) -> list[str]:
    """Say in words how each further system differs from the first, overall and in the distance of groups."""
    table = field_table(evaluations)
    base_name, base = table.rows[0]
    told = [
        index
        for index, column in enumerate(table.columns)
        if column == "overall" or " gap" in column or column.startswith("std ")
    ]
    sentences = []
    for name, cells in table.rows[1:]:
        changes = []
        for index in told:
            before, after = base[index].value, cells[index]
            known = after.change is not None and not math.isnan(after.change)
            if known or before == 0:
                words = f"{'EER ' if index == 0 else ''}{table.columns[index]}"
                change = f" ({after.change:+.1f} %)" if known else ""
                changes.append(f"{words} {number(before, 2)} to {number(after.value, 2)}{change}")
        if not changes:
            continue
        sentences.append(f"From {base_name} to {name}, in percent: {'; '.join(changes)}.")
    return sentences


def headlines(evaluation: Evaluation) -> list[str]:
    """Say in words how far the groups of each attribute are apart."""
    sentences = []
    for attribute in evaluation.attributes:
        counted = [group for group in attribute.groups if group.counted]
        if len(counted) < 2:
            continue
        by_eer = sorted(counted, key=lambda group: group.errors.eer)
        best, worst = by_eer[0], by_eer[-1]
        sentence = (
            f"{evaluation.system}, by {attribute.name.replace('_', ' ')}: the EER is "
            f"{percent(best.errors.eer)} % for {best.name} and {percent(worst.errors.eer)} % for {worst.name}"
        )
        ratio = attribute.spreads["eer"].ratio
        sentences.append(f"{sentence}, {number(ratio, 2)} times as high." if ratio < 100 else f"{sentence}.")
        sentences += _at_one_threshold(evaluation, attribute, counted)
    return sentences


def _at_one_threshold(evaluation: Evaluation, attribute: Attribute, groups: Sequence[Group]) -> list[str]:
    by_fnmr = sorted(groups, key=lambda group: group.errors.fnmr_at_pooled)
    by_fmr = sorted(groups, key=lambda group: group.errors.fmr_at_pooled)
    return [
        f"At one threshold for all, {percent(by_fnmr[-1].errors.fnmr_at_pooled)} % of target trials are "
        f"falsely rejected for {by_fnmr[-1].name} (lowest: {by_fnmr[0].name}, "
        f"{percent(by_fnmr[0].errors.fnmr_at_pooled)} %), and {percent(by_fmr[-1].errors.fmr_at_pooled)} % "
        f"of non-target trials are falsely accepted for {by_fmr[-1].name} (lowest: {by_fmr[0].name}, "
        f"{percent(by_fmr[0].errors.fmr_at_pooled)} %)."
    ]


def _det(evaluation: Evaluation, attribute: Attribute, identifier: str) -> Markup:
    title = f"DET curves of {evaluation.system} by {attribute.name}"
    return Markup(det_plot(curves(evaluation, attribute), title, identifier))


def curves(evaluation: Evaluation, attribute: Attribute) -> list[Group]:
    """Return what a DET plot shows: overall, and the counted groups with most target trials."""
    groups = sorted(attribute.groups, key=lambda group: -group.errors.targets)
    shown = [group for group in groups if group.counted][: len(COLOURS) - 1]
    return [evaluation.overall, *(group for group in attribute.groups if group in shown)]


def _notes_of(evaluation: Evaluation) -> list[str]:
    groups = [evaluation.overall, *(group for one in evaluation.attributes for group in one.groups)]
    return [note for group in groups if (note := group.note or group.errors.note)]


def _bar(value: float, evaluations: Sequence[Evaluation]) -> float:
    """Return the length of a bar in percent of the longest on the page."""
    rates = [
        group.errors.eer
        for evaluation in evaluations
        for attribute in evaluation.attributes
        for group in (evaluation.overall, *attribute.groups)
        if group.errors.eer == group.errors.eer
    ]
    longest = max(rates, default=0.0)
    return 100 * value / longest if longest > 0 and value == value else 0.0
