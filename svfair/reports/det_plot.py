"""DET curves as inline SVG: FNMR over FMR on normal-deviate axes (Martin et al., Eurospeech 1997)."""

from collections.abc import Sequence
from html import escape

import numpy as np
from scipy.special import ndtri

from svfair.metrics.results import FloatArray, Group
from svfair.reports.tables import percent

#: Okabe and Ito's palette, distinct to colour-blind readers; curves differ by their dashes too.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("", "7 3", "2 3", "10 3 2 3", "5 5", "1 4", "12 4")

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40)
_LOWEST, _HIGHEST = 0.0005, 0.5
_SIZE, _MARGIN = 400, 52


def det_plot(groups: Sequence[Group], title: str, identifier: str) -> str:
    """Draw one curve a group, with a mark at its EER.

    Parameters
    ----------
    groups
        At most seven; those without target or non-target trials are left out.
    title
        For readers who do not see the plot, together with the EER of each group.
    identifier
        Unique in the page.

    Returns
    -------
    str
        An `<svg>` element; all text in it is escaped.
    """
    drawn = [group for group in groups if not np.isnan(group.errors.eer)][: len(COLOURS)]
    summary = "; ".join(f"{group.name}: EER {percent(group.errors.eer)} %" for group in drawn)
    width, height = _SIZE + _MARGIN + 16, _SIZE + _MARGIN
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{identifier}-t {identifier}-d" '
        'class="det">',
        f'<title id="{identifier}-t">{escape(title)}</title>',
        f'<desc id="{identifier}-d">{escape(summary)}</desc>',
        f'<clipPath id="{identifier}-c"><rect x="{_MARGIN}" y="8" width="{_SIZE}" height="{_SIZE}"/>'
        "</clipPath>",
    ]
    parts += _axes()
    parts.append(f'<g clip-path="url(#{identifier}-c)">')
    for number, group in enumerate(drawn):
        parts.append(_curve(group, COLOURS[number], DASHES[number]))
    parts.append("</g></svg>")
    return "".join(parts)


def legend_key(number: int) -> str:
    """Return a short line in the colour and dashes of a curve."""
    return (
        '<svg viewBox="0 0 34 10" class="key" aria-hidden="true"><line x1="1" y1="5" x2="33" y2="5" '
        f'stroke="{COLOURS[number]}" stroke-width="2.5" stroke-dasharray="{DASHES[number]}"/></svg>'
    )


def _axes() -> list[str]:
    parts = []
    bottom = 8 + _SIZE
    for tick in _TICKS:
        x, y = _x(np.array([tick / 100]))[0], _y(np.array([tick / 100]))[0]
        parts.append(f'<line x1="{x:.1f}" y1="8" x2="{x:.1f}" y2="{bottom}" class="grid"/>')
        parts.append(f'<line x1="{_MARGIN}" y1="{y:.1f}" x2="{_MARGIN + _SIZE}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts.append(
        f'<line x1="{_MARGIN}" y1="{bottom}" x2="{_MARGIN + _SIZE}" y2="8" class="grid" '
        'stroke-dasharray="2 4"/>'
        f'<rect x="{_MARGIN}" y="8" width="{_SIZE}" height="{_SIZE}" class="frame"/>'
        f'<text x="{_MARGIN + _SIZE / 2}" y="{bottom + 38}" text-anchor="middle">'
        "false match rate (FMR), %</text>"
        f'<text transform="translate(14 {8 + _SIZE / 2}) rotate(-90)" text-anchor="middle">'
        "false non-match rate (FNMR), %</text>"
    )
    return parts


def _curve(group: Group, colour: str, dashes: str) -> str:
    xs, ys = _x(group.curve.fmr), _y(group.curve.fnmr)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    eer = np.array([group.errors.eer])
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}" stroke-linejoin="round"/>'
        f'<circle cx="{_x(eer)[0]:.1f}" cy="{_y(eer)[0]:.1f}" r="4" fill="{colour}"/>'
    )


def _deviate(rate: FloatArray) -> FloatArray:
    low, high = ndtri(_LOWEST), ndtri(_HIGHEST)
    # Rates of 0 and 1 lie at infinity: they are drawn just outside the frame.
    inside = np.clip(rate, _LOWEST / 10, 1 - _LOWEST / 10)
    return np.asarray((ndtri(inside) - low) / (high - low), dtype=np.float64)


def _x(rate: FloatArray) -> FloatArray:
    return np.asarray(_MARGIN + _deviate(rate) * _SIZE)


def _y(rate: FloatArray) -> FloatArray:
    return np.asarray(8 + (1 - _deviate(rate)) * _SIZE)
