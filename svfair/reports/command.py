"""What `svfair audit`, `evaluate` and `compare` do, and what they show."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from svfair.errors import InputError
from svfair.files import write_text_whole
from svfair.metrics.intervals import INTERVAL_KINDS, IntervalKind
from svfair.metrics.resampling import Resampling
from svfair.metrics.results import GROUP_RULES, GroupRule, OperatingPoint
from svfair.metrics.seeds import pool_seeds
from svfair.metrics.thresholds import ThresholdRule, parse_threshold
from svfair.reports.audit import Audit, Settings, audit_trials
from svfair.reports.exports import to_csv, to_latex
from svfair.reports.html import write_report
from svfair.reports.json_report import to_json
from svfair.reports.scored_trials import ScoredTrials, ScoreFiles, check_same_list, read_scored_trials
from svfair.reports.tables import print_evaluations


@dataclass(frozen=True)
class Output:
    """Where results go beside the terminal."""

    html: Path | None = None
    csv: Path | None = None
    latex: Path | None = None
    as_json: bool = False


def make_settings(
    *,
    by: Sequence[str] | None,
    same: Sequence[str] | None,
    rule: str,
    threshold: str,
    on_hull: bool,
    p_target: float,
    c_miss: float,
    c_fa: float,
    minimum_speakers: int,
    minimum_targets: int,
    replicates: int,
    permutations: int,
    seed: int,
    level: float,
    interval: str,
    stratify: str | None,
) -> Settings:
    """Check the options of the command line; raise InputError that names the one that is off."""
    if rule not in GROUP_RULES:
        raise InputError(f"--rule: '{rule}' is none of {', '.join(GROUP_RULES)}")
    if interval not in INTERVAL_KINDS:
        raise InputError(f"--interval: '{interval}' is none of {', '.join(INTERVAL_KINDS)}")
    if not 0 < p_target < 1:
        raise InputError(f"--p-target: must lie between 0 and 1, not {p_target}")
    if not 0 < level < 1:
        raise InputError(f"--level: must lie between 0 and 1, not {level}")
    if replicates == 1:
        raise InputError("--replicates: at least 2, or 0 for no intervals")
    for option, cost in (("--c-miss", c_miss), ("--c-fa", c_fa)):
        if not (cost > 0 and math.isfinite(cost)):
            raise InputError(f"{option}: must be above 0, not {cost}")
    resampling = (
        Resampling(
            replicates=replicates,
            permutations=permutations,
            seed=seed,
            level=level,
            kind=cast(IntervalKind, interval),
        )
        if replicates
        else None
    )
    return Settings(
        by=tuple(dict.fromkeys(by or ())),
        same=tuple(dict.fromkeys(same or ())),
        rule=cast(GroupRule, rule),
        operating_point=OperatingPoint(p_target, c_miss, c_fa),
        threshold=_threshold(threshold),
        on_hull=on_hull,
        minimum_speakers=minimum_speakers,
        minimum_targets=minimum_targets,
        resampling=resampling,
        stratify=stratify,
    )


def _threshold(text: str) -> ThresholdRule:
    try:
        return parse_threshold(text)
    except ValueError as error:
        raise InputError(f"--threshold: {error}") from error


def audit_systems(
    systems: Sequence[tuple[str, Sequence[Path]]],
    speakers: pl.DataFrame,
    settings: Settings,
    files: ScoreFiles,
    *,
    same_trials: bool,
) -> list[Audit]:
    """Audit each system, given as a name and the score files of its seeds, and pool the seeds.

    Raises
    ------
    InputError
        When a file cannot be used; or, of several seeds or with `same_trials`, when trials differ.
    """
    audits = []
    first: ScoredTrials | None = None
    with _progress() as progress:
        for name, paths in systems:
            seeds = []
            for number, path in enumerate(paths):
                trials = read_scored_trials(path, files)
                if first is not None and (same_trials or number):
                    check_same_list(first, trials)
                if first is None or not (same_trials or number):
                    first = trials
                label = name if len(paths) == 1 else f"{name}, {path.name}"
                seeds.append(audit_trials(trials, speakers, settings, system=label, progress=progress(label)))
            audits.append(seeds[0] if len(seeds) == 1 else _pooled(name, seeds))
    return audits


def _pooled(name: str, seeds: Sequence[Audit]) -> Audit:
    return Audit(
        pool_seeds([seed.evaluation for seed in seeds], name),
        seeds[0].unknown_speakers,
        {key: value for seed in seeds for key, value in seed.facts.items()},
        tuple(dict.fromkeys(note for seed in seeds for note in seed.notes)),
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int], None]]]:
    """Show what is resampled, on a terminal; give a function that begins a line and returns its counter."""
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("Resampling {task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # In a log even an empty bar leaves a line.
        disable=not console.is_terminal,
    )

    def begin(label: str) -> Callable[[int], None]:
        task = bars.add_task(label, total=None)
        return lambda done: bars.advance(task, done)

    with bars:
        yield begin


def present(audits: Sequence[Audit], output: Output) -> None:
    """Print tables or JSON, write the files that are wanted, and tell what is unknown."""
    evaluations = [audit.evaluation for audit in audits]
    notes = [note for audit in audits for note in audit.notes]
    notes += [
        f"{audit.evaluation.system}: {audit.unknown_speakers:,} of {audit.evaluation.overall.speakers:,} "
        "speakers have no metadata; their trials count under unknown."
        for audit in audits
        if audit.unknown_speakers
    ]
    facts = {name: value for audit in audits for name, value in audit.facts.items()}
    if output.html is not None:
        systems = ", ".join(evaluation.system for evaluation in evaluations)
        shares = "shares its" if len(evaluations) == 1 else "share their"
        title = f"How {systems} {shares} errors"
        write_report(output.html, evaluations, title=title, notes=notes, facts=facts)
    if output.csv is not None:
        write_text_whole(output.csv, to_csv(evaluations))
    if output.latex is not None:
        write_text_whole(output.latex, to_latex(evaluations))
    if output.as_json:
        print(json.dumps(to_json(evaluations) | {"notes": notes, "inputs": facts}, indent=2))
        return
    print_evaluations(Console(), evaluations)
    for note in notes:
        Console(stderr=True).print(note, soft_wrap=True, highlight=False, markup=False)
