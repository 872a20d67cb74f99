"""Tables of the page: what stands behind its plots, and the figures of fairness."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from svfair.metrics.results import Attribute, Chance, Evaluation, Group, Interval, Spread
from svfair.reports.figures.scores import quantiles
from svfair.reports.numbers import MISSING, PAGE

#: False match rates at which the table behind a DET plot gives the FNMR.
_DET_AT = (0.001, 0.01, 0.05, 0.1)

_RATE_WORDS = {
    "eer": "EER",
    "fnmr_at_pooled": "FNMR",
    "fmr_at_pooled": "FMR",
    "min_dcf": "minDCF",
}

#: Name, digits, and the value where all groups are equal.
_MERITS = {
    "fdr": ("FDR", 4, "1"),
    "inequity_rate": ("IR", 2, "1"),
    "garbe": ("GARBE", 3, "0"),
    "area_under_fdr": ("area under FaDR", 4, "1"),
}


@dataclass(frozen=True)
class Entry:
    """A figure, and in small type beneath it its interval or what else belongs to it."""

    text: str
    small: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table whose first column heads its rows; `prose` numbers the columns that are text."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    prose: tuple[int, ...] = (0,)


def group_table(overall: Group, attribute: Attribute, caption: str) -> PageTable:
    """Return counts and error rates of each group, and why one is left out of gaps."""
    groups = [overall, *attribute.groups]
    noted = any(_note(group) for group in groups)
    columns = ("group", "speakers", "target trials", "non-target trials", "EER, %", "FNMR, %", "FMR, %")
    rows = []
    for group in groups:
        row = [
            Entry(_name(group)),
            Entry(f"{group.speakers:,}"),
            Entry(f"{group.errors.targets:,}"),
            Entry(f"{group.errors.non_targets:,}"),
            *(_rate(group, rate, 2, 100) for rate in ("eer", "fnmr_at_pooled", "fmr_at_pooled")),
        ]
        rows.append((*row, Entry(_note(group))) if noted else tuple(row))
    if noted:
        return PageTable(caption, (*columns, "note"), tuple(rows), (0, len(columns)))
    return PageTable(caption, columns, tuple(rows))


def cost_table(evaluation: Evaluation, caption: str) -> PageTable:
    """Return detection costs and Cllr of all groups of all attributes."""
    point = f"P = {evaluation.settings.operating_point.p_target:g}"
    columns = ("group", f"minDCF, {point}", f"DCF at one threshold, {point}", f"actual DCF, {point}")
    rates = ("min_dcf", "dcf_at_pooled", "actual_dcf", "cllr", "min_cllr")
    named = [("overall", evaluation.overall)]
    for attribute in evaluation.attributes:
        prefix = attribute.name.replace("_", " ")
        named += [(f"{prefix}: {_name(group)}", group) for group in attribute.groups]
    rows = ((Entry(name), *(_rate(group, rate, 3, 1) for rate in rates)) for name, group in named)
    return PageTable(caption, (*columns, "Cllr", "min Cllr"), tuple(rows))


def det_table(groups: Sequence[Group], caption: str) -> PageTable:
    """Return the FNMR of each curve at some false match rates."""
    columns = ("curve", *(f"FNMR, % at FMR {100 * fmr:g} %" for fmr in _DET_AT))
    rows = []
    for group in groups:
        fnmr = np.interp(_DET_AT, group.curve.fmr[::-1], group.curve.fnmr[::-1])
        intervals: list[Interval | None] = [None] * len(_DET_AT)
        if group.band is not None:
            low, high = (
                np.interp(_DET_AT, group.band.fmr, ends) for ends in (group.band.low, group.band.high)
            )
            intervals = [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]
        cells = (
            Entry(PAGE.percent(float(value)), PAGE.between(interval, 2, scale=100))
            for value, interval in zip(fnmr, intervals, strict=True)
        )
        rows.append((Entry(_name(group)), *cells))
    return PageTable(caption, columns, tuple(rows))


def score_table(groups: Sequence[Group], caption: str) -> PageTable:
    """Return the median of each density, and between which scores nine tenths of it lie."""
    rows = []
    for group in groups:
        if group.histogram is not None:
            cells = (
                Entry(PAGE.decimal(middle, 3), PAGE.between(Interval(low, high), 3))
                for low, middle, high in quantiles(group.histogram)
            )
            rows.append((Entry(_name(group)), *cells))
    return PageTable(caption, ("group", "same speaker", "different speakers"), tuple(rows))


def fairness_table(attribute: Attribute, caption: str) -> PageTable:
    """Return how far the counted groups are apart, with what chance alone would give."""
    rows: list[tuple[Entry, ...]] = []
    for rate, words in _RATE_WORDS.items():
        rows += _spread_rows(words, attribute.spreads[rate], 1 if rate == "min_dcf" else 100, rate == "eer")
    merits = attribute.fairness
    for name, (words, digits, equal) in _MERITS.items():
        value = PAGE.decimal(getattr(merits, name), digits)
        inside = PAGE.between(merits.intervals.get(name), digits)
        rows.append((Entry(words), Entry(value, inside), Entry(equal), Entry(""), Entry("")))
    if all(spread.chance is None for spread in attribute.spreads.values()):
        return PageTable(caption, ("figure", "value", "if equal"), tuple(row[:3] for row in rows))
    return PageTable(caption, ("figure", "value", "if equal", "by chance", "p"), tuple(rows))


def _spread_rows(words: str, spread: Spread, scale: int, with_std: bool) -> list[tuple[Entry, ...]]:
    unit, digits = (", points", 2) if scale == 100 else ("", 3)
    worst = f"highest: {spread.worst_group}" if spread.worst_group and not math.isnan(spread.gap) else ""

    def cell(measure: str, digits: int, scale: int) -> Entry:
        inside = PAGE.between(spread.intervals.get(measure), digits, scale=scale)
        return Entry(PAGE.decimal(scale * getattr(spread, measure), digits), inside)

    rows: list[tuple[Entry, ...]] = [
        (
            Entry(f"{words} gap{unit}", worst),
            cell("gap", digits, scale),
            Entry("0"),
            *_chance(spread.chance, digits, scale),
        ),
        (Entry(f"{words} ratio"), cell("ratio", 2, 1), Entry("1"), Entry(""), Entry("")),
    ]
    if with_std:
        rows.append(
            (Entry(f"{words} std{unit}"), cell("std", digits, scale), Entry("0"), Entry(""), Entry(""))
        )
    return rows


def _chance(chance: Chance | None, digits: int, scale: int) -> tuple[Entry, Entry]:
    if chance is None or math.isnan(chance.p_value):
        return Entry(MISSING), Entry(MISSING)
    high = PAGE.decimal(scale * chance.high, digits)
    return (
        Entry(PAGE.decimal(scale * chance.median, digits), f"95 % below {high}"),
        Entry(PAGE.decimal(chance.p_value, 3)),
    )


def _rate(group: Group, rate: str, digits: int, scale: int) -> Entry:
    intervals: Mapping[str, Interval] = group.intervals
    return Entry(
        PAGE.decimal(scale * getattr(group.errors, rate), digits),
        PAGE.between(intervals.get(rate), digits, scale=scale),
    )


def _name(group: Group) -> str:
    return group.name if group.counted else f"{group.name} *"


def _note(group: Group) -> str:
    return group.note or group.errors.note
