"""How scores are spread: those of the same and of different speakers, one panel a group."""

import math
from collections.abc import Sequence

import numpy as np

from svfair.metrics.results import FloatArray, Group, ScoreHistogram
from svfair.reports.figures.svg import BLUE, VERMILION, WIDTH, figure, line, round_ticks, shortened, text
from svfair.reports.numbers import PAGE

_LEFT, _RIGHT = 8.0, WIDTH - 8.0
_LABEL, _AXIS, _TOP = 16.0, 38.0, 16.0

#: Panels share a height as far as they do not become too flat, or odd.
_HEIGHT, _LOWEST, _HIGHEST = 300.0, 50.0, 90.0

#: Quantiles by which the scores of a group are told in a table.
QUANTILES = (0.05, 0.5, 0.95)


def score_plot(groups: Sequence[Group], threshold: float, title: str, identifier: str) -> str:
    """Draw densities of scores of target and of non-target trials, all panels on the same axes.

    Parameters
    ----------
    groups
        Those without a histogram are left out.
    threshold
        The pooled threshold, drawn as a line through all panels; not drawn when it is not finite or lies
        beyond all scores.
    title
        For readers who do not see the plot, together with the medians.
    identifier
        Unique in the page.
    """
    known = [(group, group.histogram) for group in groups if group.histogram is not None]
    edges = known[0][1].edges
    low, high = _shown(known[0][1])
    tallest = max(density.max() for _, one in known for density in _densities(one)) or 1.0
    panel = min(max(_HEIGHT / len(known) - _LABEL, _LOWEST), _HIGHEST)
    bottom = _TOP + len(known) * (panel + _LABEL)
    parts = _axis(low, high, bottom)
    for number, (group, histogram) in enumerate(known):
        base = _TOP + (number + 1) * (panel + _LABEL)
        targets, non_targets = ((panel - 4) * density / tallest for density in _densities(histogram))
        parts.append(_steps(edges, non_targets, base, (low, high), VERMILION, "4 2"))
        parts.append(_steps(edges, targets, base, (low, high), BLUE, ""))
        parts.append(line(_LEFT, base, _RIGHT, base, "frame"))
        star = "" if group.counted else " *"
        parts.append(text(_LEFT, base - panel - 2, shortened(group.name, 12, 300) + star, style="name"))
    if math.isfinite(threshold) and low <= threshold <= high:
        x = _place(threshold, low, high)
        anchor = "end" if x > WIDTH / 2 else "start"
        parts.append(line(x, 12, x, bottom, "threshold"))
        parts.append(text(round(x, 1), 9, f"threshold {PAGE.decimal(threshold, 3)}", anchor=anchor))
    return figure(parts, bottom + _AXIS, title, _description(known), identifier)


def quantiles(histogram: ScoreHistogram) -> tuple[list[float], list[float]]:
    """Return the `QUANTILES` of target and of non-target scores, interpolated within bins; NaN for none."""
    return _quantiles(histogram.edges, histogram.targets), _quantiles(histogram.edges, histogram.non_targets)


def key(of_targets: bool) -> str:
    """Return the outline of a density for a legend."""
    colour, dashes = (BLUE, "") if of_targets else (VERMILION, "4 2")
    return (
        '<svg viewBox="0 0 34 12" class="key" aria-hidden="true"><rect x="2" y="2" width="30" height="9" '
        f'fill="{colour}" fill-opacity="0.2" stroke="{colour}" stroke-width="1.5" '
        f'stroke-dasharray="{dashes}"/></svg>'
    )


def _densities(histogram: ScoreHistogram) -> tuple[FloatArray, FloatArray]:
    width = np.diff(histogram.edges)

    def density(counts: FloatArray) -> FloatArray:
        return np.asarray(counts / (max(counts.sum(), 1.0) * width))

    return density(histogram.targets), density(histogram.non_targets)


def _shown(histogram: ScoreHistogram) -> tuple[float, float]:
    """Return the scores between which there are trials."""
    used = np.flatnonzero(histogram.targets + histogram.non_targets)
    return float(histogram.edges[used[0]]), float(histogram.edges[used[-1] + 1])


def _steps(
    edges: FloatArray,
    heights: FloatArray,
    base: float,
    ends: tuple[float, float],
    colour: str,
    dashes: str,
) -> str:
    used = np.flatnonzero(heights)
    if not len(used):
        return ""
    path = [f"M{_place(edges[used[0]], *ends):.1f},{base:g}"]
    for number in range(used[0], used[-1] + 1):
        path.append(f"V{base - heights[number]:.1f}H{_place(edges[number + 1], *ends):.1f}")
    return (
        f'<path d="{"".join(path)}V{base:g}" fill="{colour}" fill-opacity="0.2" stroke="{colour}" '
        f'stroke-width="1.5" stroke-dasharray="{dashes}"/>'
    )


def _axis(low: float, high: float, bottom: float) -> list[str]:
    parts = []
    for tick in round_ticks(low, high):
        x = _place(tick, low, high)
        parts += [
            line(x, _TOP, x, bottom, "grid"),
            text(round(min(max(x, 14.0), WIDTH - 14.0), 1), bottom + 14, _tick(tick), anchor="middle"),
        ]
    return [*parts, text((_LEFT + _RIGHT) / 2, bottom + 30, "score", anchor="middle")]


def _tick(tick: float) -> str:
    return f"{0.0 if abs(tick) < 1e-12 else tick:.6g}".replace("-", "\u2212")


def _place(score: float, low: float, high: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (score - low) / (high - low)


def _quantiles(edges: FloatArray, counts: FloatArray) -> list[float]:
    if not counts.sum():
        return [math.nan] * len(QUANTILES)
    below = np.r_[0.0, np.cumsum(counts)] / counts.sum()
    # Equal neighbours have no inverse: the first and last edge of a flat part stand for it.
    rising = np.r_[True, np.diff(below) > 0] | np.r_[np.diff(below) > 0, True]
    return [float(score) for score in np.interp(QUANTILES, below[rising], edges[rising])]


def _description(known: Sequence[tuple[Group, ScoreHistogram]]) -> str:
    parts = []
    for group, histogram in known:
        targets, non_targets = (PAGE.decimal(found[1], 3) for found in quantiles(histogram))
        parts.append(f"{group.name}: median score {targets} of target and {non_targets} of non-target trials")
    return "; ".join(parts)
