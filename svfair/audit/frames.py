"""Figures as data frames, and data frames of speakers as an audit takes them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from svfair.errors import InputError, Parameter, shown, shown_list
from svfair.metrics.comparison import Change, Comparison
from svfair.metrics.inputs import speaker_name, value_text
from svfair.metrics.results import Attribute, Group, Interval
from svfair.tables.unicode import composed

#: Figures of `DetectionErrors` in the order of the columns.
FIGURES = (
    *("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled"),
    *("actual_dcf", "cllr", "min_cllr"),
)


def frame_of_groups(groups: Iterable[Group]) -> pl.DataFrame:
    """Return one row a group: speakers, trials, each figure and, where known, the ends of its interval."""
    return pl.DataFrame([_row(group) for group in groups], infer_schema_length=None)


def frame_of_spreads(attribute: Attribute) -> pl.DataFrame:
    """Return one row a rate and measure: value, ends of the interval, and what chance gives."""
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


def speaker_frame(speakers: Any) -> pl.DataFrame:
    """Return `speaker_id` and attributes as text, null where missing.

    Parameters
    ----------
    speakers
        A data frame (polars or pandas) with a column `speaker_id`, or a mapping of speaker to a mapping of
        attribute to value.

    Raises
    ------
    InputError
        When it is neither, there is no column `speaker_id`, or a speaker is missing or has two rows.
    """
    columns = _columns_of(speakers)
    if "speaker_id" not in columns:
        raise InputError(Parameter("speakers"), f": no column speaker_id; found {shown_list(list(columns))}")
    names = _texts("speaker_id", columns.pop("speaker_id"), speaker_name)
    texts = {"speaker_id": names} | {name: _texts(name, own, value_text) for name, own in columns.items()}
    frame = pl.DataFrame(texts, dict.fromkeys(texts, pl.String))
    frame = frame.with_columns(composed(column) for column in frame)
    twice = frame["speaker_id"].filter(frame["speaker_id"].is_duplicated())
    if len(twice):
        raise InputError(
            Parameter("speakers"),
            f": two rows for one speaker_id, '{shown(twice[0])}'; give one row a speaker",
        )
    return frame


def _texts(column: str, values: list[Any], text_of: Callable[[Any], str | None]) -> list[str | None]:
    texts = []
    for place, value in enumerate(values, 1):
        try:
            texts.append(text_of(value))
        except ValueError as error:
            raise InputError(Parameter("speakers"), f": row {place}: {column}: {error}") from error
    return texts


def _columns_of(speakers: Any) -> dict[str, list[Any]]:
    if isinstance(speakers, Mapping):
        for speaker, own in speakers.items():
            if not isinstance(own, Mapping):
                raise InputError(
                    Parameter("speakers"),
                    f": '{shown(speaker)}' has '{shown(own)}', not a mapping such as {{'gender': 'female'}}",
                )
        names = dict.fromkeys(name for own in speakers.values() for name in own)
        columns = {str(name): [own.get(name) for own in speakers.values()] for name in names}
        return {"speaker_id": list(speakers)} | columns
    if not hasattr(speakers, "columns"):
        raise InputError(
            Parameter("speakers"),
            f": must be a data frame, or a mapping of speaker to attributes, not {type(speakers).__name__}",
        )
    return {str(name): list(speakers[name]) for name in speakers.columns}


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
