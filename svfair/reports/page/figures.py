"""The plots of an attribute, each with its legend and caption, and the tables behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from svfair.metrics.results import Attribute, Evaluation, Group
from svfair.reports.figures.det import det_plot, drawable, legend_key
from svfair.reports.figures.rates import AT_POOLED, EER, Series, axis_top, mark, rate_plot
from svfair.reports.figures.scores import key, score_plot
from svfair.reports.figures.svg import COLOURS
from svfair.reports.numbers import level
from svfair.reports.page.tables import PageTable, det_table, group_table, score_table
from svfair.reports.words import attribute_words, threshold_words

#: More rows are drawn in a further figure, so that one fits on a printed page.
_ROWS = 16


@dataclass(frozen=True)
class Figure:
    """A plot, in parts where it has many rows, and what its marks mean."""

    title: str
    plots: tuple[Markup, ...]
    legend: tuple[tuple[Markup, str], ...]
    caption: str


def attribute_figures(
    evaluation: Evaluation, attribute: Attribute, others: Sequence[Evaluation], identifier: str
) -> list[Figure]:
    """Return the figures of an attribute of one system.

    Parameters
    ----------
    evaluation, attribute
        The system, and which groups.
    others
        All systems of the page, whose plots share their axes.
    identifier
        Unique in the page for the attribute of the system.
    """
    words = attribute_words(attribute.name)
    name, threshold = evaluation.system, threshold_words(evaluation.settings)
    resampled = bool(evaluation.overall.intervals)
    whiskers = (
        f" Whiskers and brackets: {level(evaluation.settings.resampling)} intervals." if resampled else ""
    )
    figures = [
        Figure(
            f"EER by {words}",
            _rate_plots(evaluation, attribute, others, EER, f"EER by {words}, {name}", f"{identifier}-eer"),
            (),
            f"Equal error rate, each group at its own threshold.{whiskers}",
        ),
        Figure(
            f"False rejections and false acceptances at {threshold}",
            _rate_plots(
                evaluation,
                attribute,
                others,
                AT_POOLED,
                f"FNMR and FMR at {threshold} by {words}, {name}",
                f"{identifier}-pooled",
            ),
            (
                (Markup(mark(AT_POOLED[0])), "FNMR: same speaker, rejected"),
                (Markup(mark(AT_POOLED[1])), "FMR: different speakers, accepted"),
            ),
            f"All groups at {threshold}, {evaluation.settings.threshold}, as a deployed system has one."
            f"{whiskers}",
        ),
    ]
    curves = drawable(_shown(evaluation, attribute))
    selected = _selected(len(curves) - 1, len(attribute.groups))
    if curves:
        bands = f" Bands: {level(evaluation.settings.resampling)} intervals of the FNMR." if resampled else ""
        figures.append(
            Figure(
                "DET curves",
                (Markup(det_plot(curves, f"DET curves by {words}, {name}", f"{identifier}-det")),),
                tuple((Markup(legend_key(number)), group.name) for number, group in enumerate(curves)),
                f"False rejections over false acceptances as the threshold moves; lower left is better, dots "
                f"mark the EER.{bands}{selected}",
            )
        )
    scored = _scored(evaluation, attribute)
    if scored:
        plot = score_plot(
            scored,
            evaluation.pooled_threshold,
            f"Distribution of scores by {words}, {name}",
            f"{identifier}-scores",
        )
        figures.append(
            Figure(
                "Distribution of scores",
                (Markup(plot),),
                ((Markup(key(True)), "same speaker"), (Markup(key(False)), "different speakers")),
                f"Densities of the scores, each with the area 1. The upright line marks {threshold}: "
                "left of it the same speaker is falsely rejected, right of it different speakers are falsely "
                "accepted."
                f"{selected}",
            )
        )
    return figures


def tables_behind(evaluation: Evaluation, attribute: Attribute) -> list[PageTable]:
    """Return what the plots show as tables: counts and rates, points of DET curves, quantiles of scores."""
    whose = f"by {attribute_words(attribute.name)}, {evaluation.system}"
    tables = [group_table(evaluation.overall, attribute, f"Counts and error rates {whose}")]
    curves = drawable(_shown(evaluation, attribute))
    if curves:
        tables.append(det_table(curves, f"FNMR at some false match rates {whose}"))
    scored = _scored(evaluation, attribute)
    if scored:
        tables.append(score_table(scored, f"Median score (5th to 95th percentile) {whose}"))
    return tables


def _shown(evaluation: Evaluation, attribute: Attribute) -> list[Group]:
    """Return what can be told apart in one plot: overall, and the counted groups with most target trials."""
    groups = sorted(attribute.groups, key=lambda group: -group.errors.targets)
    shown = [group.name for group in groups if group.counted][: len(COLOURS) - 1]
    return [evaluation.overall, *(group for group in attribute.groups if group.name in shown)]


def _scored(evaluation: Evaluation, attribute: Attribute) -> list[Group]:
    return [group for group in _shown(evaluation, attribute) if group.histogram is not None]


def _selected(shown: int, groups: int) -> str:
    if shown >= groups:
        return ""
    return f" Drawn: {shown} of {groups} groups, those with most target trials among the groups that count."


def _rate_plots(
    evaluation: Evaluation,
    attribute: Attribute,
    others: Sequence[Evaluation],
    series: Sequence[Series],
    title: str,
    identifier: str,
) -> tuple[Markup, ...]:
    everyone = [
        group for other in others for group in (other.overall, *other.attribute(attribute.name).groups)
    ]
    top = axis_top(everyone, series)
    rows = [evaluation.overall, *attribute.groups]

    def plots() -> Iterator[Markup]:
        for part, start in enumerate(range(0, len(rows), _ROWS)):
            words = title if len(rows) <= _ROWS else f"{title}, part {part + 1}"
            yield Markup(
                rate_plot(
                    rows[start : start + _ROWS],
                    series,
                    top,
                    words,
                    f"{identifier}-{part}",
                    with_counts=series is EER,
                    has_overall=start == 0,
                )
            )

    return tuple(plots())
