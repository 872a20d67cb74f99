"""Error rates of groups side by side: bars or dots from 0, with intervals as whiskers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from svfair.metrics.results import Group, Interval
from svfair.reports.figures.svg import (
    BLUE,
    VERMILION,
    WIDTH,
    figure,
    line,
    round_ticks,
    shortened,
    text,
    width,
)
from svfair.reports.numbers import PAGE


@dataclass(frozen=True)
class Series:
    """A rate of `DetectionErrors`, and how it is drawn."""

    rate: str
    name: str
    colour: str
    mark: Literal["bar", "disc", "diamond"]


EER = (Series("eer", "EER", BLUE, "bar"),)
AT_POOLED = (
    Series("fnmr_at_pooled", "FNMR", BLUE, "disc"),
    Series("fmr_at_pooled", "FMR", VERMILION, "diamond"),
)

_OVERALL, _FLAGGED = "#666666", "#ffffff"
_LEFT, _PLOT = 6.0, 226.0
_LABEL, _ROW, _BETWEEN, _AXIS = 15.0, 17.0, 9.0, 32.0
_LETTERS, _SMALL = 12.0, 10.5


def rate_plot(
    groups: Sequence[Group],
    series: Sequence[Series],
    top: float,
    title: str,
    identifier: str,
    *,
    with_counts: bool = False,
    has_overall: bool = True,
) -> str:
    """Draw the rates of each group.

    Parameters
    ----------
    groups
        In this order.
    series
        What to draw of each, one line a series.
    top
        Where the axis ends, as `axis_top` gives it; whiskers beyond it end in an arrow.
    title
        For readers who do not see the plot, together with the figures.
    identifier
        Unique in the page.
    with_counts
        Whether speakers and trials are written beside a group's name.
    has_overall
        Whether the first is all trials together, which is drawn in grey.
    """
    parts: list[str] = []
    ticks = round_ticks(0, 100 * top)
    y = 4.0
    for number, group in enumerate(groups):
        label, used = _label(group, y, with_counts)
        parts += label
        y += used
        # Grid lines stop at the bars: across names they would be hard to read.
        ends = (y - 1, y + len(series) * _ROW + 3)
        parts += [
            line(_place(tick / 100, top), ends[0], _place(tick / 100, top), ends[1], "grid") for tick in ticks
        ]
        parts.append(line(_LEFT, ends[0], _LEFT, ends[1], "frame"))
        for one in series:
            parts += _line(group, one, y + _ROW / 2, top, is_overall=has_overall and number == 0)
            y += _ROW
        y += _BETWEEN
    names = " and ".join(one.name for one in series)
    return figure(
        [*parts, *_axis(ticks, top, y, f"{names}, %")],
        y + _AXIS,
        title,
        _description(groups, series),
        identifier,
    )


def axis_top(groups: Iterable[Group], series: Sequence[Series]) -> float:
    """Return where an axis ends that shows every rate, and the intervals of the groups that count."""
    known = [0.0]
    for group in groups:
        for one in series:
            known.append(getattr(group.errors, one.rate))
            if group.counted and one.rate in group.intervals:
                known.append(group.intervals[one.rate].high)
    highest = max(value for value in known if math.isfinite(value))
    return min(1.0, highest * 1.02) or 0.01


def mark(series: Series) -> str:
    """Return the mark of a series for a legend."""
    shape = _mark(series, 8, 6, series.colour)
    return f'<svg viewBox="0 0 16 12" class="mark" aria-hidden="true">{shape}</svg>'


def _label(group: Group, y: float, with_counts: bool) -> tuple[list[str], float]:
    """Return the name of a group and its counts, and the height that they take."""
    room = WIDTH - _LEFT - 4
    star = "" if group.counted else " *"
    name = shortened(group.name, _LETTERS, room) + star
    parts = [text(1, y + 11, name, style="name")]
    if not with_counts:
        return parts, _LABEL
    counts = (
        f"{group.speakers:,} speaker{'' if group.speakers == 1 else 's'}, "
        f"{group.errors.targets:,} target, {group.errors.non_targets:,} non-target"
    )
    beside = width(name, _LETTERS, bold=True) + width(counts, _SMALL) < room
    below = 0.0 if beside else 13.0
    parts.append(text(WIDTH - 4, y + 11 + below, counts, anchor="end", style="soft"))
    return parts, _LABEL + below


def _line(group: Group, series: Series, y: float, top: float, *, is_overall: bool) -> list[str]:
    value = getattr(group.errors, series.rate)
    interval = group.intervals.get(series.rate)
    inside = PAGE.between(interval, 2, scale=100)
    words = f"{PAGE.decimal(100 * value, 2)}{f' ({inside})' if inside else ''}"
    parts = [text(WIDTH - 4, y + 4, words, anchor="end", style="value")]
    if math.isnan(value):
        return parts
    x = _place(value, top)
    colour = _OVERALL if is_overall and series.mark == "bar" else series.colour
    if series.mark == "bar":
        fill = colour if group.counted else _FLAGGED
        dashes = "" if group.counted else ' stroke-dasharray="3 2"'
        parts.append(
            f'<rect x="{_LEFT:g}" y="{y - 6:.1f}" width="{max(x - _LEFT, 0.5):.1f}" height="12" '
            f'fill="{fill}" stroke="{colour}"{dashes}/>'
        )
        return parts + _whisker(interval, y, top)
    filled = colour if group.counted else _FLAGGED
    return [*parts, *_whisker(interval, y, top), _mark(series, x, y, filled)]


def _mark(series: Series, x: float, y: float, fill: str) -> str:
    drawn = f'fill="{fill}" stroke="{series.colour}" stroke-width="1.5"'
    if series.mark == "disc":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {drawn}/>'
    if series.mark == "diamond":
        return f'<path d="M{x:.1f},{y - 5.5:.1f}l5.5,5.5l-5.5,5.5l-5.5,-5.5z" {drawn}/>'
    return f'<rect x="{x - 6:.1f}" y="{y - 4:.1f}" width="12" height="8" {drawn}/>'


def _whisker(interval: Interval | None, y: float, top: float) -> list[str]:
    if interval is None or math.isnan(interval.low) or interval.low > top:
        return []
    low, high = _place(interval.low, top), _place(min(interval.high, top), top)
    shape = f"M{low:.1f},{y:.1f}H{high:.1f}M{low:.1f},{y - 4:.1f}v8"
    # An end beyond the axis is an arrow, not a stop.
    shape += f"M{high - 5:.1f},{y - 4:.1f}l5,4l-5,4" if interval.high > top else f"M{high:.1f},{y - 4:.1f}v8"
    # A pale outline sets it apart from the bar under it.
    return [f'<path d="{shape}" class="halo"/><path d="{shape}" class="whisker"/>']


def _axis(ticks: Sequence[float], top: float, bottom: float, words: str) -> list[str]:
    numbers = [
        text(round(_place(tick / 100, top), 1), bottom + 8, f"{tick:g}", anchor="middle") for tick in ticks
    ]
    return [*numbers, text(_LEFT + _PLOT / 2, bottom + 25, words, anchor="middle")]


def _place(rate: float, top: float) -> float:
    return _LEFT + _PLOT * rate / top


def _description(groups: Sequence[Group], series: Sequence[Series]) -> str:
    return "; ".join(
        f"{group.name}: "
        + ", ".join(
            f"{one.name} {PAGE.decimal(100 * getattr(group.errors, one.rate), 2)} %" for one in series
        )
        for group in groups
    )
