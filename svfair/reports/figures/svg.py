"""What all plots share: colours, the frame of an accessible figure, ticks, and text that is escaped."""

import math
from collections.abc import Sequence
from html import escape

#: Okabe and Ito's palette, distinct to colour-blind readers; curves differ by their dashes too.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("", "7 3", "2 3", "10 3 2 3", "5 5", "1 4", "12 4")

BLUE, VERMILION = COLOURS[1], COLOURS[2]

#: Plots are drawn for a narrow screen, so that their text is never smaller than it is here.
WIDTH = 360

#: Width of a character over the size of its letters: enough to tell what fits.
_CHARACTER, _BOLD = 0.54, 0.64


def figure(body: Sequence[str], height: float, title: str, description: str, identifier: str) -> str:
    """Return an `<svg>` element with a title and a description for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" class="plot" role="img" '
        f'aria-labelledby="{identifier}-t {identifier}-d">'
        f'<title id="{identifier}-t">{escape(title)}</title>'
        f'<desc id="{identifier}-d">{escape(description)}</desc>{"".join(body)}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", style: str = "") -> str:
    """Return a line of text; `style` names a class of the page."""
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a line of a class of the page."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def shortened(words: str, size: float, room: float) -> str:
    """Return what fits into the room in bold letters, with an ellipsis where something was cut."""
    most = int(room / (size * _BOLD))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}\u2026"


def width(words: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide a line of text is."""
    return len(words) * size * (_BOLD if bold else _CHARACTER)


def round_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, at most about `most` of them."""
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * number for number in range(first, math.floor(high / step + 1e-9) + 1)]
