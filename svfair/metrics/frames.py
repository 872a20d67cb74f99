"""Evaluations as data frames. The one file of this room that needs polars, and only when it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from svfair.metrics.comparison import Change, Comparison
from svfair.metrics.results import Attribute, Group, Interval

if TYPE_CHECKING:
    import polars as pl

#: Figures of `DetectionErrors` in the order of the columns.
FIGURES = (
    *("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled"),
    *("actual_dcf", "cllr", "min_cllr"),
)


def frame_of_groups(groups: Iterable[Group]) -> pl.DataFrame:
    """Return one row a group: speakers, trials, each figure and, where known, the ends of its interval."""
    import polars as pl

    return pl.DataFrame([_row(group) for group in groups], infer_schema_length=None)


def frame_of_spreads(attribute: Attribute) -> pl.DataFrame:
    """Return one row a rate and measure: value, ends of the interval, and what chance gives."""
    import polars as pl

    rows = []
    for rate, spread in attribute.spreads.items():
        for measure in ("gap", "ratio", "std", "log_ratio", "ratio_to_overall"):
            chance = spread.chance if measure == "gap" else None
            rows.append(
                {
                    "rate": rate,
                    "measure": measure,
                    "value": getattr(spread, measure),
                    **_ends("", spread.intervals.get(measure)),
                    "worst_group": spread.worst_group,
                    "chance_median": None if chance is None else chance.median,
                    "chance_high": None if chance is None else chance.high,
                    "p_value": None if chance is None else chance.p_value,
                }
            )
    for measure in ("fdr", "inequity_rate", "garbe", "area_under_fdr"):
        interval = attribute.fairness.intervals.get(measure)
        value = getattr(attribute.fairness, measure)
        rows.append({"rate": "fmr and fnmr", "measure": measure, "value": value, **_ends("", interval)})
    return pl.DataFrame(rows, infer_schema_length=None)


def frame_of_comparison(comparison: Comparison) -> pl.DataFrame:
    """Return one row a figure: both systems, their difference and relative change, and the intervals."""
    import polars as pl

    rows = [
        _change(attribute or "overall", group, rate, change)
        for (attribute, group), changes in comparison.groups.items()
        for rate, change in changes.items()
    ]
    rows += [
        _change(attribute, measure, rate, change)
        for (attribute, rate), changes in comparison.spreads.items()
        for measure, change in changes.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def columns_of(table: Any) -> dict[str, dict[str, str | None]]:
    """Return attribute to speaker to value for a table of speakers.

    Parameters
    ----------
    table
        A data frame (polars or pandas) with a column `speaker_id`, or a mapping of speaker to a mapping of
        attribute to value.

    Raises
    ------
    ValueError
        When there is no column `speaker_id`, or a speaker has two rows.
    """
    if isinstance(table, Mapping):
        _check_distinct([str(speaker) for speaker in table])
        names = dict.fromkeys(name for own in table.values() for name in own)
        return {
            name: {str(speaker): _text(own.get(name)) for speaker, own in table.items()} for name in names
        }
    columns = {str(name): list(table[name]) for name in table.columns}
    if "speaker_id" not in columns:
        raise ValueError(f"speakers need a column speaker_id; they have {', '.join(columns)}")
    speakers = [str(speaker) for speaker in columns.pop("speaker_id")]
    _check_distinct(speakers)
    return {
        name: {speaker: _text(value) for speaker, value in zip(speakers, values, strict=True)}
        for name, values in columns.items()
    }


def _check_distinct(speakers: Sequence[str]) -> None:
    if len(set(speakers)) < len(speakers):
        raise ValueError("speakers have two rows for one speaker_id")


def _text(value: object) -> str | None:
    # pandas writes a missing value as NaN, which differs from itself, or as NA, which cannot be compared.
    if value is None or str(value) in ("", "<NA>") or value != value:
        return None
    return str(value)


def _row(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": group.name,
        "speakers": group.speakers,
        "targets": group.errors.targets,
        "non_targets": group.errors.non_targets,
    }
    for figure in FIGURES:
        row[figure] = getattr(group.errors, figure)
        row |= _ends(f"{figure}_", group.intervals.get(figure))
    return row | {"counted": group.counted, "note": group.note or group.errors.note}


def _ends(prefix: str, interval: Interval | None) -> dict[str, float]:
    return {} if interval is None else {f"{prefix}low": interval.low, f"{prefix}high": interval.high}


def _change(attribute: str, name: str, rate: str, change: Change) -> dict[str, Any]:
    return {
        "attribute": attribute,
        "of": name,
        "rate": rate,
        "baseline": change.baseline,
        "other": change.other,
        "difference": change.difference,
        **_ends("difference_", change.difference_interval),
        "relative": change.relative,
        **_ends("relative_", change.relative_interval),
    }
