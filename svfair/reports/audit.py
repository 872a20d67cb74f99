"""From a score file and speaker metadata to an evaluation: what `svfair audit` and `evaluate` do."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from svfair.data.speakers import UNKNOWN, read_speakers
from svfair.data.trials import read_scores, speaker_of
from svfair.errors import InputError
from svfair.metrics.evaluation import evaluate
from svfair.metrics.groups import GroupRule
from svfair.metrics.results import Evaluation, OperatingPoint

#: What is grouped by when the user names nothing, as far as the metadata have it.
DEFAULT_ATTRIBUTES = ("gender", "country_region")


@dataclass(frozen=True)
class Settings:
    """How trials are grouped and errors are counted."""

    by: tuple[str, ...] = ()
    rule: GroupRule = "both"
    operating_point: OperatingPoint = field(default_factory=OperatingPoint)
    minimum_speakers: int = 5
    minimum_targets: int = 100


@dataclass(frozen=True)
class Audit:
    """An evaluation, and how many speakers of the trials the metadata do not know."""

    evaluation: Evaluation
    unknown_speakers: int
    facts: Mapping[str, str]


def audit_scores(
    path: Path,
    speakers: pl.DataFrame,
    settings: Settings,
    *,
    system: str,
    columns: Mapping[str, str] | None = None,
    speaker_pattern: str | None = None,
    utterance_speakers: pl.DataFrame | None = None,
) -> Audit:
    """Evaluate a score file.

    Parameters
    ----------
    path
        Scores, in any format that `read_scores` reads.
    speakers
        One row a speaker, with `speaker_id` and attributes.
    settings
        Grouping and counting; without attributes named, gender and country region as far as known.
    system
        Name in tables.
    columns, speaker_pattern
        See `read_scores` and `speaker_of`.
    utterance_speakers
        Columns `utterance_id` and `speaker_id`; given, it replaces the pattern.

    Raises
    ------
    InputError
        When the scores cannot be used, an attribute is not there, or no speaker is known.
    """
    scores = read_scores(path, columns=columns)
    if utterance_speakers is None:
        enrol = speaker_of(scores["enrol"], speaker_pattern)
        test = speaker_of(scores["test"], speaker_pattern)
    else:
        enrol, test = (_look_up(scores[side], utterance_speakers, path) for side in ("enrol", "test"))
    found = pl.concat([enrol.unique(), test.unique()]).unique()
    known = speakers["speaker_id"].implode()
    unknown = int((~found.is_in(known)).sum())
    if unknown == len(found):
        raise InputError(
            f"{path}: none of its {len(found)} speakers is in the metadata, the first is "
            f"'{found.sort()[0]}'; give --speaker-pattern if that is not how speakers are named"
        )
    attributes = settings.by or tuple(name for name in DEFAULT_ATTRIBUTES if name in speakers.columns)
    for name in attributes:
        if name not in speakers.columns:
            raise InputError(
                f"--by {name}: no such attribute; the speakers have {', '.join(speakers.columns[1:])}"
            )
    evaluation = evaluate(
        scores["score"].to_numpy(),
        scores["is_target"].to_numpy(),
        enrol.to_list(),
        test.to_list(),
        {name: _values(speakers, name) for name in attributes},
        system=system,
        operating_point=settings.operating_point,
        rule=settings.rule,
        minimum_speakers=settings.minimum_speakers,
        minimum_targets=settings.minimum_targets,
    )
    facts = {f"scores of {system}": f"{path.name}, {scores.height:,} trials, SHA-256 {_hash(path)}"}
    return Audit(evaluation, unknown, facts)


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


def _look_up(utterances: pl.Series, table: pl.DataFrame, path: Path) -> pl.Series:
    joined = pl.DataFrame({"utterance_id": utterances}).join(
        table.select("utterance_id", "speaker_id"), on="utterance_id", how="left", maintain_order="left"
    )
    speakers = joined["speaker_id"]
    if speakers.null_count():
        first = utterances.filter(speakers.is_null())[0]
        raise InputError(
            f"{path}: {speakers.null_count()} trials have an utterance that is not in the manifest, "
            f"the first is '{first}'"
        )
    return speakers


def _values(speakers: pl.DataFrame, name: str) -> dict[str, str]:
    values = speakers[name].cast(pl.String).fill_null(UNKNOWN)
    return {speaker: value or UNKNOWN for speaker, value in zip(speakers["speaker_id"], values, strict=True)}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
