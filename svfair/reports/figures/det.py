"""DET curves as inline SVG: FNMR over FMR on normal-deviate axes (Martin et al., Eurospeech 1997)."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from svfair.metrics.results import FloatArray, Group
from svfair.reports.figures.svg import COLOURS, DASHES, WIDTH, figure, line, text
from svfair.reports.numbers import PAGE

_TICKS = (0.1, 0.5, 1, 2, 5, 10, 20, 40)
_LOWEST, _HIGHEST = 0.0005, 0.5
_LEFT, _TOP, _BELOW = 44.0, 6.0, 42.0
_SIZE = WIDTH - _LEFT - 8


def det_plot(groups: Sequence[Group], title: str, identifier: str) -> str:
    """Draw one curve a group, with its band and a mark at its EER.

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
    drawn = drawable(groups)
    summary = "; ".join(f"{group.name}: EER {PAGE.percent(group.errors.eer)} %" for group in drawn)
    parts = [
        f'<clipPath id="{identifier}-c"><rect x="{_LEFT:g}" y="{_TOP:g}" width="{_SIZE:g}" '
        f'height="{_SIZE:g}"/></clipPath>',
        *_axes(),
        f'<g clip-path="url(#{identifier}-c)">',
        # Curves lie over all bands.
        *(_band(group, COLOURS[number]) for number, group in enumerate(drawn)),
        *(_curve(group, COLOURS[number], DASHES[number]) for number, group in enumerate(drawn)),
        "</g>",
    ]
    return figure(parts, _TOP + _SIZE + _BELOW, title, summary, identifier)


def drawable(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that have a curve, as many as can be told apart."""
    return [group for group in groups if not np.isnan(group.errors.eer)][: len(COLOURS)]


def legend_key(number: int) -> str:
    """Return a short line in the colour and dashes of a curve."""
    return (
        '<svg viewBox="0 0 34 12" class="key" aria-hidden="true"><line x1="1" y1="6" x2="33" y2="6" '
        f'stroke="{COLOURS[number]}" stroke-width="2.5" stroke-dasharray="{DASHES[number]}"/></svg>'
    )


def _axes() -> list[str]:
    parts = []
    bottom, right = _TOP + _SIZE, _LEFT + _SIZE
    for tick in _TICKS:
        x, y = _x(np.array([tick / 100]))[0], _y(np.array([tick / 100]))[0]
        parts += [
            line(x, _TOP, x, bottom, "grid"),
            line(_LEFT, y, right, y, "grid"),
            text(round(x, 1), bottom + 14, f"{tick:g}", anchor="middle"),
            text(_LEFT - 5, round(y + 4, 1), f"{tick:g}", anchor="end"),
        ]
    parts += [
        f'<line x1="{_LEFT:g}" y1="{bottom:g}" x2="{right:g}" y2="{_TOP:g}" class="grid" '
        'stroke-dasharray="2 4"/>',
        f'<rect x="{_LEFT:g}" y="{_TOP:g}" width="{_SIZE:g}" height="{_SIZE:g}" class="frame"/>',
        text(_LEFT + _SIZE / 2, bottom + 32, "false match rate (FMR), %", anchor="middle"),
        f'<text transform="translate(12 {_TOP + _SIZE / 2:g}) rotate(-90)" text-anchor="middle">'
        "false non-match rate (FNMR), %</text>",
    ]
    return parts


def _band(group: Group, colour: str) -> str:
    """Return what lies between the ends of the intervals of FNMR."""
    if group.band is None:
        return ""
    known = np.isfinite(group.band.low) & np.isfinite(group.band.high)
    xs = _x(group.band.fmr[known])
    low, high = _y(group.band.low[known]), _y(group.band.high[known])
    points = _points(np.r_[xs, xs[::-1]], np.r_[low, high[::-1]])
    return f'<polygon points="{points}" class="band" fill="{colour}"/>'


def _curve(group: Group, colour: str, dashes: str) -> str:
    points = _points(_x(group.curve.fmr), _y(group.curve.fnmr))
    eer = np.array([group.errors.eer])
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8" '
        f'stroke-dasharray="{dashes}" stroke-linejoin="round"/>'
        f'<circle cx="{_x(eer)[0]:.1f}" cy="{_y(eer)[0]:.1f}" r="3.5" fill="{colour}"/>'
    )


def _points(xs: FloatArray, ys: FloatArray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


def _deviate(rate: FloatArray) -> FloatArray:
    low, high = ndtri(_LOWEST), ndtri(_HIGHEST)
    # Rates of 0 and 1 lie at infinity: they are drawn just outside the frame.
    inside = np.clip(rate, _LOWEST / 10, 1 - _LOWEST / 10)
    return np.asarray((ndtri(inside) - low) / (high - low), dtype=np.float64)


def _x(rate: FloatArray) -> FloatArray:
    return np.asarray(_LEFT + _deviate(rate) * _SIZE)


def _y(rate: FloatArray) -> FloatArray:
    return np.asarray(_TOP + (1 - _deviate(rate)) * _SIZE)
