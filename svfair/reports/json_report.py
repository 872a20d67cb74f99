"""The report for programs; `docs/report.md` describes it and `docs/report.schema.json` defines it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from svfair import __version__
from svfair.audit import Audit
from svfair.metrics.comparison import Change, Comparison
from svfair.metrics.results import Attribute, Evaluation, Group
from svfair.reports.field_table import FieldTable, field_table
from svfair.reports.words import note_words

#: Raised when a field changes its meaning or goes away.
SCHEMA_VERSION = 3


def to_json(audits: Sequence[Audit]) -> dict[str, Any]:
    """Return everything that was measured as JSON values; rates are fractions, NaN and infinity are null."""
    table = field_table([audit.evaluation for audit in audits])
    content = {
        "schema": SCHEMA_VERSION,
        "svfair": __version__,
        "table": _table(table),
        "systems": [_system(audit) for audit in audits],
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


def _system(audit: Audit) -> dict[str, Any]:
    evaluation = audit.evaluation
    return {
        "system": evaluation.system,
        "inputs": [asdict(source) for source in audit.sources],
        "notes": [asdict(note) | {"text": note_words(note)} for note in audit.notes],
        "settings": _settings(evaluation),
        "pooled_threshold": evaluation.pooled_threshold,
        "overall": _group(evaluation.overall),
        "attributes": {attribute.name: _attribute(attribute) for attribute in evaluation.attributes},
    }


def _settings(evaluation: Evaluation) -> dict[str, Any]:
    settings, resampling = evaluation.settings, evaluation.settings.resampling
    return {
        "rule": settings.rule,
        "operating_point": asdict(settings.operating_point),
        "threshold": asdict(settings.threshold),
        "eer": settings.eer_kind,
        "minimum_speakers": settings.minimum_speakers,
        "minimum_targets": settings.minimum_targets,
        # Plain settings of `evaluate` have neither.
        "same": list(getattr(settings, "same", ())),
        "stratify": getattr(settings, "stratify", None),
        "lower_is_closer": bool(getattr(settings, "lower_is_closer", False)),
        "resampling": None
        if resampling is None
        else {
            "unit": "speaker",
            "speakers": evaluation.overall.speakers,
            "seeds": evaluation.seeds,
            "replicates": resampling.replicates,
            "permutations": resampling.permutations,
            "seed": resampling.seed,
            "level": resampling.level,
            "kind": resampling.kind,
            "stratified": bool(resampling.strata),
        },
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
