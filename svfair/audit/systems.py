"""Several systems at once, each with one score file or one a seed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from svfair.audit.audit import Audit, audit_trials
from svfair.audit.settings import AuditSettings
from svfair.errors import InputError, Parameter
from svfair.metrics.seeds import pool_seeds
from svfair.trials.scored import ScoredTrials, ScoreFiles, check_same_list, read_scored_trials

#: Called with the name of what is resampled next; returns what counts its replicates and permutations.
Progress = Callable[[str], Callable[[int], None]]


def audit_systems(
    systems: Sequence[tuple[str, Sequence[Path]]],
    speakers: pl.DataFrame,
    settings: AuditSettings,
    files: ScoreFiles,
    *,
    same_trials: bool,
    progress: Progress | None = None,
) -> list[Audit]:
    """Audit each system, given as a name and the score files of its seeds, and pool the seeds.

    Parameters
    ----------
    systems
        Name and score files of each.
    speakers
        One row a speaker, with `speaker_id` and attributes.
    settings
        How.
    files
        How score files are read.
    same_trials
        Whether all systems must be scored on the same trials; the seeds of one always must.
    progress
        Called with the name of each system or seed before it is audited.

    Raises
    ------
    InputError
        When a file cannot be used, or trials differ that must not.
    """
    audits = []
    first: ScoredTrials | None = None
    for name, paths in systems:
        seeds = []
        for number, path in enumerate(paths):
            trials = read_scored_trials(path, files)
            if first is not None and (same_trials or number):
                check_same_list(first, trials)
            else:
                first = trials
            label = name if len(paths) == 1 else f"{name}, {path.name}"
            count = None if progress is None else progress(label)
            seeds.append(audit_trials(trials, speakers, settings, system=label, progress=count))
        audits.append(seeds[0] if len(seeds) == 1 else _pooled(name, seeds))
    return audits


def system_names(paths: Sequence[Path], names: Sequence[str] = ()) -> list[str]:
    """Return a name for each score file: the given ones, or else the files' own.

    Raises
    ------
    InputError
        When the number of names differs from that of files, or two are the same.
    """
    if names and len(names) != len(paths):
        raise InputError(
            Parameter("name"), f": {len(names)} names for {len(paths)} score files; give one for each"
        )
    chosen = list(names) or [path.name.split(".")[0] for path in paths]
    if len(set(chosen)) < len(chosen) and not names:
        chosen = [f"{path.parent.name}/{path.name.split('.')[0]}" for path in paths]
    if len(set(chosen)) < len(chosen):
        raise InputError(Parameter("name"), ": two systems have the same name; give each its own")
    return chosen


def _pooled(name: str, seeds: Sequence[Audit]) -> Audit:
    return Audit(
        pool_seeds([seed.evaluation for seed in seeds], name),
        tuple(source for seed in seeds for source in seed.sources),
        tuple(dict.fromkeys(note for seed in seeds for note in seed.notes)),
    )
