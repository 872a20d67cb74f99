"""How a system differs from a baseline, in sentences that say whether it may be chance."""

import math
from collections.abc import Iterator

from svfair.metrics.comparison import Change, Comparison
from svfair.metrics.resampling.intervals import NO_INTERVAL
from svfair.metrics.results import Evaluation
from svfair.reports.numbers import PAGE, level
from svfair.reports.page.headlines import Headline
from svfair.reports.words import attribute_words, threshold_words

_RATES = {
    "eer": "the EER",
    "fnmr_at_pooled": "false rejections at {threshold}",
    "fmr_at_pooled": "false acceptances at {threshold}",
}


def changes_in_words(
    baseline: Evaluation, other: Evaluation, comparison: Comparison | None
) -> list[Headline]:
    """Tell the change of the EER over all trials, then those of each attribute's gaps.

    A gap over other groups than the baseline's is not compared. `comparison` is that of the two systems, as
    `FieldTable` has it.
    """
    words = level(baseline.settings.resampling)
    return [_headline(what, change, words) for what, change in _changes(baseline, other, comparison)]


def _changes(
    baseline: Evaluation, other: Evaluation, comparison: Comparison | None
) -> Iterator[tuple[str, Change]]:
    before, after = baseline.overall.errors.eer, other.overall.errors.eer
    yield (
        "the EER over all trials",
        _plain(before, after) if comparison is None else comparison.groups["", "overall"]["eer"],
    )
    threshold = threshold_words(baseline.settings)
    for attribute in baseline.attributes:
        its = other.attribute(attribute.name)
        if set(attribute.counted) != set(its.counted) or len(attribute.counted) < 2:
            continue
        for rate, rate_words in _RATES.items():
            what = f"the {attribute_words(attribute.name)} gap of {rate_words.format(threshold=threshold)}"
            if comparison is not None:
                yield what, comparison.spreads[attribute.name, rate]["gap"]
            else:
                yield what, _plain(attribute.spreads[rate].gap, its.spreads[rate].gap)


def _plain(before: float, after: float) -> Change:
    relative = (after - before) / before if before else math.nan
    return Change(before, after, after - before, NO_INTERVAL, relative, NO_INTERVAL)


def _headline(what: str, change: Change, words: str) -> Headline:
    unit = "percentage points" if " gap " in what else "%"
    if math.isnan(change.difference):
        return Headline(f"Nothing is known of the change of {what}.", None)
    values = f"{PAGE.decimal(100 * change.baseline, 2)} to {PAGE.decimal(100 * change.other, 2)} {unit}"
    bounds = change.relative_interval
    # From nothing at all to without an end: the baseline could be 0, and a ratio to it says nothing.
    says_nothing = bounds.low < -0.995 and math.isinf(bounds.high)
    relative = "" if says_nothing else PAGE.between(bounds, 0, scale=100, plus=True)
    absolute = PAGE.between(change.difference_interval, 2, scale=100, plus=True)
    if math.isnan(change.relative):
        text = f"{PAGE.signed(100 * change.difference, 2)} percentage points"
        inside = f"{words} interval {absolute}" if absolute else ""
    else:
        text = f"{PAGE.signed(100 * change.relative, 0)} %"
        inside = f"{words} interval {relative} %".replace(" or more %", " % or more") if relative else ""
        if not relative and absolute:
            inside = f"{words} interval of the difference {absolute} percentage points"
    bracket = f" ({inside})" if inside else ""
    sentence = f"{what[0].upper()}{what[1:]} changes by {text}{bracket}, from {values}"
    if not inside:
        return Headline(f"{sentence}.", None)
    if change.is_clear:
        return Headline(f"{sentence}.", True)
    return Headline(f"{sentence}; this may be chance, as the interval reaches 0.", False)
