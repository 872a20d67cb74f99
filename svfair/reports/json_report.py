"""The report for programs; `docs/report.md` describes it."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from svfair import __version__
from svfair.metrics.results import Attribute, Evaluation, Group
from svfair.reports.field_table import field_table

#: Raised when a field changes its meaning or goes away.
SCHEMA_VERSION = 1


def to_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Return everything that was measured as JSON values; rates are fractions, NaN is null."""
    table = field_table(evaluations)
    content = {
        "schema": SCHEMA_VERSION,
        "svfair": __version__,
        "table": {
            "unit": "percent",
            "columns": list(table.columns),
            "rows": [
                {"system": system, "cells": [asdict(cell) for cell in cells]} for system, cells in table.rows
            ],
        },
        "systems": [_system(evaluation) for evaluation in evaluations],
    }
    cleaned: dict[str, Any] = _finite(content)
    return cleaned


def _system(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "system": evaluation.system,
        "operating_point": asdict(evaluation.operating_point),
        "group_rule": evaluation.group_rule,
        "minimum_speakers": evaluation.minimum_speakers,
        "minimum_targets": evaluation.minimum_targets,
        "pooled_threshold": evaluation.pooled_threshold,
        "overall": _group(evaluation.overall),
        "attributes": {attribute.name: _attribute(attribute) for attribute in evaluation.attributes},
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    return {
        "groups": [_group(group) for group in attribute.groups],
        "spreads": {rate: asdict(spread) for rate, spread in attribute.spreads.items()},
        "trials_outside": attribute.trials_outside,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "speakers": group.speakers,
        "counted": group.counted,
        "note": group.note,
        "errors": asdict(group.errors),
        "curve": {"fmr": group.curve.fmr.tolist(), "fnmr": group.curve.fnmr.tolist()},
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
