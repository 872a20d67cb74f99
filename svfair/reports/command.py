"""What `svfair audit` and `svfair evaluate` show."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from rich.console import Console

from svfair.errors import InputError
from svfair.metrics.groups import GROUP_RULES, GroupRule
from svfair.metrics.results import OperatingPoint
from svfair.reports.audit import Audit, Settings
from svfair.reports.html import write_report
from svfair.reports.json_report import to_json
from svfair.reports.tables import print_evaluations


def make_settings(
    by: Sequence[str] | None,
    rule: str,
    p_target: float,
    c_miss: float,
    c_fa: float,
    minimum_speakers: int,
    minimum_targets: int,
) -> Settings:
    """Check the options of the command line; raise InputError that names the one that is off."""
    if rule not in GROUP_RULES:
        raise InputError(f"--rule: '{rule}' is none of {', '.join(GROUP_RULES)}")
    if not 0 < p_target < 1:
        raise InputError(f"--p-target: must lie between 0 and 1, not {p_target}")
    for option, cost in (("--c-miss", c_miss), ("--c-fa", c_fa)):
        if not (cost > 0 and math.isfinite(cost)):
            raise InputError(f"{option}: must be above 0, not {cost}")
    return Settings(
        by=tuple(dict.fromkeys(by or ())),
        rule=cast(GroupRule, rule),
        operating_point=OperatingPoint(p_target, c_miss, c_fa),
        minimum_speakers=minimum_speakers,
        minimum_targets=minimum_targets,
    )


def present(audits: Sequence[Audit], *, html: Path | None, as_json: bool) -> None:
    """Print tables or JSON, write the report if it is wanted, and tell what is unknown."""
    evaluations = [audit.evaluation for audit in audits]
    notes = [
        f"{audit.evaluation.system}: {audit.unknown_speakers:,} of {audit.evaluation.overall.speakers:,} "
        "speakers have no metadata; their trials count under unknown."
        for audit in audits
        if audit.unknown_speakers
    ]
    if html is not None:
        facts = {name: value for audit in audits for name, value in audit.facts.items()}
        systems = ", ".join(evaluation.system for evaluation in evaluations)
        shares = "shares its" if len(evaluations) == 1 else "share their"
        write_report(html, evaluations, title=f"How {systems} {shares} errors", notes=notes, facts=facts)
    if as_json:
        print(json.dumps(to_json(evaluations) | {"notes": notes}, indent=2))
        return
    print_evaluations(Console(), evaluations)
    for note in notes:
        Console(stderr=True).print(note, soft_wrap=True, highlight=False, markup=False)
