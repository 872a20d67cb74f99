"""One self-contained HTML file for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from svfair import __version__
from svfair.audit import Audit
from svfair.errors import visible
from svfair.files import write_text_whole
from svfair.metrics.results import Attribute, Evaluation
from svfair.reports.field_table import field_table, mismatches
from svfair.reports.numbers import PAGE, level
from svfair.reports.page.changes import changes_in_words
from svfair.reports.page.figures import Figure, attribute_figures, tables_behind
from svfair.reports.page.headlines import Headline, headlines
from svfair.reports.page.tables import PageTable, cost_table, fairness_table
from svfair.reports.words import (
    attribute_words,
    input_words,
    note_lines,
    settings_words,
    threshold_words,
)

#: A wider table of the field is set as a list, one figure a line, on paper too.
_WIDEST = 12


@dataclass(frozen=True)
class _AttributePart:
    """What the page has on an attribute of a system."""

    words: str
    headlines: list[Headline]
    figures: list[Figure]
    tables: list[PageTable]
    fairness: PageTable
    notes: list[str]


@dataclass(frozen=True)
class _SystemPart:
    """What the page has on a system."""

    name: str
    attributes: list[_AttributePart]
    costs: PageTable


def write_page(
    path: Path,
    audits: Sequence[Audit],
    *,
    title: str,
    notes: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write the page of one or more systems, whole or not at all.

    Parameters
    ----------
    path
        The file.
    audits
        The first is the baseline that others are compared with.
    title
        Heading.
    notes
        Sentences that belong above the figures, beside what the audits noted.
    facts
        What a reader needs to repeat the figures, beside inputs and settings: versions, seeds.
    """
    environment = Environment(
        loader=PackageLoader("svfair.reports.page"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": PAGE.decimal,
        "signed": PAGE.signed,
        "between": PAGE.between,
        "unbroken": _unbroken,
    }
    evaluations = [audit.evaluation for audit in audits]
    baseline = evaluations[0]
    table = field_table(evaluations)
    page = environment.get_template("report.html.j2").render(
        title=title,
        notes=[*notes, *note_lines(audits), *mismatches(evaluations)],
        facts={"svfair": __version__, **(facts or {}), **input_words(audits), **_settings(evaluations)},
        table=table,
        is_wide=len(table.columns) > _WIDEST,
        changes=[
            (other.system, changes_in_words(baseline, other, comparison))
            for other, comparison in zip(evaluations[1:], table.comparisons, strict=True)
        ],
        systems=[_system(evaluation, evaluations, f"s{n}") for n, evaluation in enumerate(evaluations, 1)],
        baseline=baseline,
        settings=baseline.settings,
        resampling=next((one.settings.resampling for one in evaluations if one.settings.resampling), None),
        thresholds=[(one.system, PAGE.decimal(one.pooled_threshold, 4)) for one in evaluations],
        level=level(baseline.settings.resampling),
        is_resampled=any(one.settings.resampling for one in evaluations),
        at_threshold=threshold_words(baseline.settings),
        has_chance=any(
            spread.chance for one in evaluations for a in one.attributes for spread in a.spreads.values()
        ),
        seeds=max(one.seeds for one in evaluations),
    )
    write_text_whole(path, visible(page))


def _system(evaluation: Evaluation, others: Sequence[Evaluation], identifier: str) -> _SystemPart:
    return _SystemPart(
        evaluation.system,
        [
            _AttributePart(
                attribute_words(attribute.name),
                headlines(evaluation, attribute),
                attribute_figures(evaluation, attribute, others, f"{identifier}-a{number}"),
                tables_behind(evaluation, attribute),
                fairness_table(
                    attribute,
                    f"Differences by {attribute_words(attribute.name)}, {evaluation.system}; FNMR and FMR at "
                    f"{threshold_words(evaluation.settings)}",
                ),
                _left_out(attribute),
            )
            for number, attribute in enumerate(evaluation.attributes, 1)
        ],
        cost_table(evaluation, f"Detection costs and Cllr, {evaluation.system}"),
    )


def _unbroken(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return text.replace(" %", "\u00a0%")


def _left_out(attribute: Attribute) -> list[str]:
    """Say which groups and trials are left out of the gaps, and why."""
    lines = [f"* {group.name}: {group.note}" for group in attribute.groups if not group.counted]
    if lines:
        lines.append("Groups with a star are shown, and left out of gap, ratio, std and the like.")
    if len(attribute.counted) < 2:
        lines.append("Fewer than two groups count, so there is no gap to speak of.")
    if attribute.trials_outside:
        lines.append(f"{attribute.trials_outside:,} trials cross groups and are in none of them.")
    return lines


def _settings(evaluations: Sequence[Evaluation]) -> dict[str, str]:
    """Return how each system was measured; once where all were measured alike."""
    found = {evaluation.system: settings_words(evaluation) for evaluation in evaluations}
    if len(set(found.values())) == 1:
        return {"settings": next(iter(found.values()))}
    return {f"settings of {system}": text for system, text in found.items()}
