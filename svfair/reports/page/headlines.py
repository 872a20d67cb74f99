"""How far the groups of a system are apart, in sentences that say whether it may be chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from svfair.metrics.results import Attribute, Chance, Evaluation, Group, Interval
from svfair.metrics.settings import Resampling
from svfair.reports.numbers import PAGE, digits_apart, level, share_of_permutations
from svfair.reports.words import speakers_of, threshold_words

#: A larger ratio is no longer worth its digits.
_LARGEST_RATIO = 100


@dataclass(frozen=True)
class Headline:
    """A sentence or two, and whether what they say is more than chance; None where no interval tells."""

    text: str
    is_clear: bool | None


@dataclass(frozen=True)
class _Rate:
    """How to speak of an error rate: verb, or name where there is none, and what it is a share of."""

    name: str
    verb: str
    share_of: str


_RATES = (
    _Rate("fnmr_at_pooled", "falsely rejected", "trials of the same speaker"),
    _Rate("fmr_at_pooled", "falsely accepted", "trials between different speakers"),
    _Rate("eer", "", ""),
)


def headlines(evaluation: Evaluation, attribute: Attribute) -> list[Headline]:
    """Compare the worst with the best group: FNMR and FMR at the pooled threshold, then the EER.

    Nothing is said of a rate that fewer than two counted groups have.
    """
    told = []
    for rate in _RATES:
        known = [
            group
            for group in attribute.groups
            if group.counted and not math.isnan(getattr(group.errors, rate.name))
        ]
        if len(known) > 1:
            told.append(_headline(evaluation, attribute, rate, known))
    return told


def _headline(evaluation: Evaluation, attribute: Attribute, rate: _Rate, groups: Sequence[Group]) -> Headline:
    ordered = sorted(groups, key=lambda group: float(getattr(group.errors, rate.name)))
    best, worst = ordered[0], ordered[-1]
    low, high = (getattr(group.errors, rate.name) for group in (best, worst))
    share = f" of {rate.share_of}" if rate.share_of else ", each group at its own threshold"
    if high == low:
        subject = f"are {rate.verb} equally often" if rate.verb else "have the same EER"
        return Headline(f"All groups {subject}: {PAGE.percent(high)} %{share}.", None)

    spread = attribute.spreads[rate.name]
    has_ratio = low > 0 and high / low <= _LARGEST_RATIO
    reference = 1.0 if has_ratio else 0.0
    interval = spread.intervals.get("ratio" if has_ratio else "gap")
    if has_ratio:
        times = f"{PAGE.decimal(high / low, 2)} times"
        what = f"are {rate.verb} {times} as often as" if rate.verb else f"have an EER {times} that of"
    else:
        what = f"are {rate.verb} more often than" if rate.verb else "have a higher EER than"
    threshold = f" at {threshold_words(evaluation.settings)}" if rate.verb else ""
    of_many = f"worst and best of {len(groups)} groups" if len(groups) > 2 else ""
    brackets = "; ".join(part for part in (of_many, _inside(interval, has_ratio, evaluation)) if part)
    brackets = f" ({brackets})" if brackets else ""
    worst_words, best_words = (speakers_of(attribute.name, group.name) for group in (worst, best))
    sentence = (
        f"{_capital(worst_words)} {what} {best_words}{threshold}{brackets}: "
        f"{PAGE.percent(high)} % against {PAGE.percent(low)} %{share}."
    )
    if interval is None or math.isnan(interval.low):
        return Headline(sentence, None)
    verdict, is_clear = _verdict(interval, reference, spread.chance, evaluation)
    return Headline(f"{sentence} {verdict}".strip(), is_clear)


def _inside(interval: Interval | None, has_ratio: bool, evaluation: Evaluation) -> str:
    """Return the interval of a ratio, or of a difference; a bound above equality is not rounded to it."""
    if interval is None:
        return ""
    words = f"{level(evaluation.settings.resampling)} interval"
    if has_ratio:
        bounds = PAGE.between(interval, digits_apart(interval.low, 1, 2))
        return f"{words} {bounds}" if bounds else ""
    bounds = PAGE.between(interval, digits_apart(100 * interval.low, 0, 2), scale=100)
    return f"{words} of the difference {bounds} percentage points" if bounds else ""


def _verdict(
    interval: Interval, reference: float, chance: Chance | None, evaluation: Evaluation
) -> tuple[str, bool]:
    """Say how often chance gives such a gap, and whether this one is clear."""
    known = None if chance is None or math.isnan(chance.p_value) else chance
    by_chance = "" if known is None else _by_chance(known)
    rare = known is None or known.p_value <= 1 - (evaluation.settings.resampling or Resampling()).level + 1e-9
    if interval.low > reference:
        if rare:
            return f"{_capital(by_chance)}." if by_chance else "", True
        return f"This may be chance: {by_chance}.", False
    reaches = f"This may be chance: the interval reaches {reference:g}"
    if not by_chance:
        return f"{reaches}.", False
    return f"{reaches}, {'although' if rare else 'and'} {by_chance}.", False


def _by_chance(chance: Chance) -> str:
    return f"a gap this large comes from chance in {share_of_permutations(chance)} of permutations"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
