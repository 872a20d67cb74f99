"""Numbers as people read them: digits, signs, intervals, and a mark where a number is missing."""

import math
from dataclasses import dataclass

from svfair.metrics.results import Chance, Interval
from svfair.metrics.settings import Resampling

MISSING = "-"

#: A bound that rounding would move across this many digits is shown with more.
_MOST_DIGITS = 6


@dataclass(frozen=True)
class Numbers:
    """How numbers are set.

    Parameters
    ----------
    minus, infinity
        Signs.
    thousands
        What parts groups of three digits.
    """

    minus: str
    infinity: str
    thousands: str

    def decimal(self, value: float, digits: int) -> str:
        """Return a number with fixed digits, `-` for NaN."""
        if math.isnan(value):
            return MISSING
        sign = self.minus if value < 0 and round(value, digits) != 0 else ""
        size = self.infinity if math.isinf(value) else f"{abs(value):,.{digits}f}"
        return sign + size.replace(",", self.thousands)

    def percent(self, fraction: float, digits: int = 2) -> str:
        """Return a fraction in percent without its sign, `-` for NaN."""
        return self.decimal(100 * fraction, digits)

    def signed(self, value: float, digits: int) -> str:
        """Return a number with a plus where it is above 0."""
        text = self.decimal(value, digits)
        return f"+{text}" if value > 0 else text

    def between(
        self,
        interval: Interval | None,
        digits: int,
        *,
        scale: float = 1.0,
        plus: bool = False,
        joint: str = " to ",
    ) -> str:
        """Return `1.17 to 2.01`; `1.17 or more` without an upper end; nothing where there is no interval."""
        if interval is None or math.isnan(interval.low) or math.isnan(interval.high):
            return ""
        show = self.signed if plus else self.decimal
        low, high = show(scale * interval.low, digits), show(scale * interval.high, digits)
        if math.isinf(interval.low):
            return "" if math.isinf(interval.high) else f"{high} or less"
        return f"{low} or more" if math.isinf(interval.high) else f"{low}{joint}{high}"


#: On a page, where a hyphen would not be read aloud as a sign.
PAGE = Numbers("\u2212", "\u221e", ",")

#: In a terminal and in LaTeX, where figures stand in columns.
PLAIN = Numbers("-", "inf", "")


def digits_apart(value: float, reference: float, digits: int) -> int:
    """Return how many digits show that a value is not the reference, at least `digits`."""
    for more in range(digits, _MOST_DIGITS):
        if value == reference or math.isinf(value) or round(value, more) != round(reference, more):
            return more
    return _MOST_DIGITS


def level(resampling: Resampling | None) -> str:
    """Return `95 %`."""
    return f"{100 * (resampling or Resampling()).level:.6g} %"


def share_of_permutations(chance: Chance) -> str:
    """Return `0.3 %`; `fewer than 0.1 %` where no permutation had a gap as large."""
    if chance.p_value * (chance.permutations + 1) < 1.5:
        return f"fewer than {100 / chance.permutations:.2g} %"
    return f"{100 * chance.p_value:.1f} %"
