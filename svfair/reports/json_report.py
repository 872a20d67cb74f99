"""The report for programs; `docs/report.md` describes it and `docs/report.schema.json` defines it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from svfair import __version__
from svfair.metrics.comparison import Change, Comparison
from svfair.metrics.results import Attribute, Evaluation, Group
from svfair.reports.field_table import FieldTable, field_table

#: Raised when a field changes its meaning or goes away.
SCHEMA_VERSION = 2


def to_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Return everything that was measured as JSON values; rates are fractions, NaN and infinity are null."""
    table = field_table(evaluations)
    content = {
        "schema": SCHEMA_VERSION,
        "svfair": __version__,
        "table": _table(table),
        "systems": [_system(evaluation) for evaluation in evaluations],
        "comparisons": [_comparison(one) for one in table.comparisons if one is not None],
    }
    cleaned: dict[str, Any] = _finite(content)
    return cleaned


def _table(table: FieldTable) -> dict[str, Any]:
    return {
        "unit": "percent",
        "columns": list(table.columns),
        "rows": [
            {"system": system, "cells": [asdict(cell) for cell in cells]} for system, cells in table.rows
        ],
    }


def _system(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "system": evaluation.system,
        "operating_point": asdict(evaluation.operating_point),
        "eer_kind": evaluation.eer_kind,
        "group_rule": evaluation.group_rule,
        "minimum_speakers": evaluation.minimum_speakers,
        "minimum_targets": evaluation.minimum_targets,
        "pooled_threshold": evaluation.pooled_threshold,
        "threshold_rule": evaluation.threshold_rule,
        "resampling": dict(evaluation.resampling) or None,
        "overall": _group(evaluation.overall),
        "attributes": {attribute.name: _attribute(attribute) for attribute in evaluation.attributes},
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    return {
        "groups": [_group(group) for group in attribute.groups],
        "spreads": {rate: asdict(spread) for rate, spread in attribute.spreads.items()},
        "fairness": asdict(attribute.fairness),
        "trials_outside": attribute.trials_outside,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "speakers": group.speakers,
        "counted": group.counted,
        "note": group.note,
        "errors": asdict(group.errors),
        "intervals": {rate: asdict(interval) for rate, interval in group.intervals.items()},
        "curve": _arrays(asdict(group.curve)),
        "band": None if group.band is None else _arrays(asdict(group.band)),
        "histogram": None if group.histogram is None else _arrays(asdict(group.histogram)),
    }


def _arrays(arrays: Mapping[str, Any]) -> dict[str, list[float]]:
    return {name: array.tolist() for name, array in arrays.items()}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    changes = [
        {"attribute": attribute or None, "group": group, "measure": None, "rate": rate, **_change(change)}
        for (attribute, group), by_rate in comparison.groups.items()
        for rate, change in by_rate.items()
    ]
    changes += [
        {"attribute": attribute, "group": None, "measure": measure, "rate": rate, **_change(change)}
        for (attribute, rate), by_measure in comparison.spreads.items()
        for measure, change in by_measure.items()
    ]
    return {"baseline": comparison.baseline, "other": comparison.other, "changes": changes}


def _change(change: Change) -> dict[str, Any]:
    return {name: value for name, value in asdict(change).items() if name not in ("baseline", "other")} | {
        "baseline_value": change.baseline,
        "other_value": change.other,
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
