"""From scored trials and speaker metadata to an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from svfair.data.rejected import Rejected
from svfair.data.speakers import read_speakers
from svfair.errors import InputError
from svfair.metrics.attributes import SpeakerColumns, resolve_attribute
from svfair.metrics.evaluation import evaluate
from svfair.metrics.frames import columns_of
from svfair.metrics.resampling import Resampling
from svfair.metrics.results import Evaluation, GroupRule, OperatingPoint
from svfair.metrics.thresholds import ThresholdRule
from svfair.reports.scored_trials import ScoredTrials, ScoreFiles, keep_same, read_scored_trials

#: What is grouped by when the user names nothing, as far as the metadata have it.
DEFAULT_ATTRIBUTES = ("gender", "country_region")


@dataclass(frozen=True)
class Settings:
    """How trials are grouped, errors counted and intervals made.

    Parameters
    ----------
    by
        Attributes, as `metrics.attributes.resolve_attribute` reads them; empty for gender and country region
        as far as known.
    same
        Attributes that both speakers of a trial must share: other trials are left out.
    rule, operating_point, threshold, on_hull, minimum_speakers, minimum_targets
        See `metrics.evaluate`.
    resampling
        None for no intervals.
    stratify
        Attribute of which every replicate keeps the number of speakers of each group.
    """

    by: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    rule: GroupRule = "both"
    operating_point: OperatingPoint = field(default_factory=OperatingPoint)
    threshold: ThresholdRule = field(default_factory=ThresholdRule)
    on_hull: bool = False
    minimum_speakers: int = 5
    minimum_targets: int = 100
    resampling: Resampling | None = None
    stratify: str | None = None


@dataclass(frozen=True)
class Audit:
    """An evaluation, and what a reader must know of how it came about.

    Parameters
    ----------
    evaluation
        The figures.
    unknown_speakers
        How many speakers of the trials the metadata do not know.
    facts
        What was read, with its hash.
    notes
        Sentences about what was left out.
    """

    evaluation: Evaluation
    unknown_speakers: int
    facts: Mapping[str, str]
    notes: tuple[str, ...] = ()


def audit_scores(
    path: Path,
    speakers: pl.DataFrame,
    settings: Settings,
    *,
    system: str,
    files: ScoreFiles | None = None,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Evaluate a score file.

    Parameters
    ----------
    path
        Scores, in any format that `read_scores` reads.
    speakers
        One row a speaker, with `speaker_id` and attributes.
    settings
        Grouping, counting, resampling.
    system
        Name in tables.
    files
        How score files are read.
    progress
        Called with the number of replicates and permutations that have been done.

    Raises
    ------
    InputError
        When the scores cannot be used, an attribute is not there, or no speaker is known.
    """
    return audit_trials(
        read_scored_trials(path, files or ScoreFiles()), speakers, settings, system=system, progress=progress
    )


def audit_trials(
    trials: ScoredTrials,
    speakers: pl.DataFrame,
    settings: Settings,
    *,
    system: str,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Evaluate scored trials that have been read; as `audit_scores`."""
    columns = columns_of(speakers)
    facts = {f"scores of {system}": f"{trials.path.name}, {len(trials):,} trials, SHA-256 {trials.file_hash}"}
    facts[f"trials of {system}"] = f"SHA-256 {trials.list_hash} over sorted lines `enrol test label`"
    notes = _rejected_notes(system, trials.rejected)
    for name in settings.same:
        before = len(trials)
        trials = keep_same(trials, _resolve("--same", name, columns))
        notes.append(
            f"{system}: only trials whose speakers share {name}; {before - len(trials):,} of {before:,} "
            "trials were left out for it."
        )
        if trials.lacks_a_kind():
            raise InputError(f"--same {name}: leaves no target or no non-target trials in {trials.path}")
    notes += trials.contradictions(system)
    found = set(trials.enrol) | set(trials.test)
    known = set(speakers["speaker_id"])
    unknown = len(found - known)
    if unknown == len(found):
        raise InputError(
            f"{trials.path}: none of its {len(found)} speakers is in the metadata, the first is "
            f"'{min(found)}'; give --speaker-pattern if that is not how speakers are named"
        )
    names = settings.by or tuple(name for name in DEFAULT_ATTRIBUTES if name in columns)
    resampling = settings.resampling
    if resampling is not None and settings.stratify is not None:
        resampling = replace(resampling, strata=_resolve("--stratify", settings.stratify, columns))
    evaluation = evaluate(
        trials.scores["score"].to_numpy(),
        trials.scores["is_target"].to_numpy(),
        trials.enrol,
        trials.test,
        {name: _resolve("--by", name, columns) for name in names},
        system=system,
        operating_point=settings.operating_point,
        rule=settings.rule,
        threshold=settings.threshold,
        on_hull=settings.on_hull,
        minimum_speakers=settings.minimum_speakers,
        minimum_targets=settings.minimum_targets,
        resampling=resampling,
        progress=progress,
    )
    return Audit(evaluation, unknown, facts, tuple(notes))


def read_audit_speakers(path: Path) -> pl.DataFrame:
    """Read speaker metadata and refuse a table that has nothing to group by."""
    speakers = read_speakers(path)
    if len(speakers.columns) < 2:
        raise InputError(f"{path}: has no attribute beside speaker_id, so there is nothing to group by")
    return speakers


def system_names(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Return a name for each score file: the given ones, or else the files' own.

    Raises
    ------
    InputError
        When the number of names differs from that of files, or two are the same.
    """
    if names and len(names) != len(paths):
        raise InputError(f"--name: {len(names)} names for {len(paths)} score files; give one for each")
    chosen = list(names) or [path.name.split(".")[0] for path in paths]
    if len(set(chosen)) < len(chosen) and not names:
        chosen = [f"{path.parent.name}/{path.name.split('.')[0]}" for path in paths]
    if len(set(chosen)) < len(chosen):
        raise InputError("--name: two systems have the same name; give each its own")
    return chosen


def _resolve(option: str, name: str, columns: SpeakerColumns) -> dict[str, str]:
    try:
        return resolve_attribute(name, columns)
    except ValueError as error:
        raise InputError(f"{option} {name}: {error}") from error


def _rejected_notes(system: str, rejected: Rejected) -> list[str]:
    notes = []
    if rejected.count:
        notes.append(
            f"{system}: {rejected.count:,} lines could not be read and were left out: "
            f"{'; '.join(rejected.first)}{'; ...' if rejected.count > len(rejected.first) else ''}."
        )
    if rejected.unscored:
        notes.append(f"{system}: {rejected.unscored:,} trials of the list have no score.")
    return notes
