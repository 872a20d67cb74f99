"""Score files as they are audited: scores, the speakers of both sides, and hashes of what was read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.manifests.trained_speakers import TrainedSpeakers, read_trained_speakers
from svfair.missing import UNKNOWN
from svfair.tables.bad_lines import Rejected
from svfair.tables.unicode import composed
from svfair.trials.files import TrialList, read_scores, read_scores_leniently, speaker_of
from svfair.trials.labels import pairs_of_several_scores
from svfair.trials.list_hash import hash_of_list

#: Where the speakers of utterances come from.
SpeakersFrom = Literal["path", "pattern", "columns", "manifest"]

#: A larger share of target trials between two speakers means that speakers are not read right.
MOST_CONTRADICTIONS = 0.01


@dataclass(frozen=True)
class ScoreFiles:
    """How score files are read.

    Parameters
    ----------
    columns
        See `read_scores`. Sides whose speakers have a column that is named need neither pattern nor table.
    trials
        List that has the labels, for scores without; read once for all score files.
    skip_bad_lines
        Whether to leave bad lines out, counted, rather than refuse the file.
    speaker_pattern
        See `speaker_of`. Without pattern and table, columns `enrol_speaker` and `test_speaker` are taken
        where a file has both, as svfair's own scores do, and the first folder where it has not.
    utterance_speakers
        Columns `utterance_id` and `speaker_id`; given, it replaces the pattern.
    target_label
        The word for a target trial, in files that have two words of their own.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    trials: TrialList | None = None
    skip_bad_lines: bool = False
    speaker_pattern: str | None = None
    utterance_speakers: pl.DataFrame | None = None
    target_label: str | None = None


@dataclass(frozen=True)
class ScoredTrials:
    """The trials of one score file.

    Parameters
    ----------
    path, file_hash
        The file and its SHA-256.
    scores
        `enrol`, `test`, `is_target`, `score`.
    enrol, test
        The speaker of each side of each trial.
    list_hash
        SHA-256 over the sorted trials and labels, whatever their order in the file.
    rejected
        What was left out.
    several_scores
        How many pairs of utterances have scores that differ, and the first of them.
    trained
        The speakers that the extractor behind the scores was trained on; None where the file does not tell.
    speakers_from
        Where the speakers come from, for messages.
    """

    path: Path
    file_hash: str
    scores: pl.DataFrame
    enrol: list[str]
    test: list[str]
    list_hash: str
    rejected: Rejected
    several_scores: tuple[int, str] = (0, "")
    trained: TrainedSpeakers | None = None
    speakers_from: SpeakersFrom = "path"

    def __len__(self) -> int:
        return self.scores.height

    def lacks_a_kind(self) -> bool:
        """Whether there are no target or no non-target trials."""
        return self.scores["is_target"].n_unique() < 2

    def contradictions(self) -> tuple[int, int]:
        """Return how many target trials are between two speakers, and how many others are of one.

        Raises
        ------
        InputError
            When so many target trials are between two speakers that speakers cannot have been read right.
        """
        same = pl.Series(self.enrol) == pl.Series(self.test)
        is_target = self.scores["is_target"]
        crossed = (is_target & ~same).arg_true()
        if len(crossed) > MOST_CONTRADICTIONS * max(1, int(is_target.sum())):
            first = int(crossed[0])
            raise InputError(
                f"{self.path}: {len(crossed):,} of {int(is_target.sum()):,} target trials are between two "
                f"speakers, the first between '{shown(self.enrol[first])}' and '{shown(self.test[first])}'; ",
                *self.advice(),
            )
        return len(crossed), int((~is_target & same).sum())

    def advice(self) -> tuple[str, ...]:
        """Return the end of a message: how to tell the speakers if they were not read right."""
        if self.speakers_from == "manifest":
            return ("its labels and the manifest do not fit: `svfair check-trials` tells where",)
        where = {
            "path": "speakers were taken from the first folder of utterances",
            "columns": "speakers were taken from columns of the file",
            "pattern": "speakers were taken by the pattern",
        }[self.speakers_from]
        return (
            f"{where}; if that is not how they are named, give ",
            Parameter("speaker_pattern"),
            ", or ",
            Parameter("enrol_speaker_column"),
            " and ",
            Parameter("test_speaker_column"),
            ", or the manifest of the utterances to `svfair evaluate`",
        )


def read_scored_trials(path: Path, files: ScoreFiles) -> ScoredTrials:
    """Read a score file.

    Raises
    ------
    InputError
        When it cannot be used, or a speaker cannot be told.
    """
    rejected = Rejected()
    options: dict[str, Any] = {
        "columns": files.columns,
        "trials": files.trials,
        "target_label": files.target_label,
        "speakers": files.speaker_pattern is None and files.utterance_speakers is None,
    }
    if files.skip_bad_lines:
        scores, rejected = read_scores_leniently(path, **options)
    else:
        scores = read_scores(path, **options)
    speakers_from = _source(scores, files)
    enrol, test = (_speakers(scores, side, files, path) for side in ("enrol", "test"))
    scores = scores.select("enrol", "test", "is_target", "score")
    with path.open("rb") as file:
        file_hash = hashlib.file_digest(file, "sha256").hexdigest()
    return ScoredTrials(
        path,
        file_hash,
        scores,
        enrol.to_list(),
        test.to_list(),
        hash_of_list(scores),
        rejected,
        several_scores=pairs_of_several_scores(scores),
        trained=read_trained_speakers(path),
        speakers_from=speakers_from,
    )


def keep_same(trials: ScoredTrials, groups: Mapping[str, str]) -> ScoredTrials:
    """Keep the trials whose two speakers share a known group."""
    kept = [
        one != UNKNOWN and one == other
        for one, other in zip(
            (groups.get(speaker, UNKNOWN) for speaker in trials.enrol),
            (groups.get(speaker, UNKNOWN) for speaker in trials.test),
            strict=True,
        )
    ]
    return replace(
        trials,
        scores=trials.scores.filter(pl.Series(kept, dtype=pl.Boolean)),
        enrol=[speaker for speaker, keep in zip(trials.enrol, kept, strict=True) if keep],
        test=[speaker for speaker, keep in zip(trials.test, kept, strict=True) if keep],
    )


def check_same_list(first: ScoredTrials, other: ScoredTrials) -> None:
    """Check that two systems were scored on the same trials with the same labels.

    Raises
    ------
    InputError
        Naming a trial that they do not share.
    """
    if first.list_hash == other.list_hash:
        return
    keys = ["enrol", "test"]
    for one, against in ((first, other), (other, first)):
        missing = one.scores.join(against.scores, on=keys, how="anti")
        if missing.height:
            enrol, test = missing.select(keys).row(0)
            raise InputError(
                f"{against.path}: lacks {missing.height:,} trials of {one.path}, the first is '{enrol}' "
                f"against '{test}'; score the same list with both systems"
            )
    both = first.scores.join(other.scores, on=keys, suffix="_other")
    differing = both.filter(pl.col("is_target") != pl.col("is_target_other"))
    if differing.height:
        enrol, test = differing.select(keys).row(0)
        raise InputError(
            f"{other.path}: {differing.height:,} labels differ from those in {first.path}, the first is "
            f"'{enrol}' against '{test}'"
        )
    raise InputError(
        f"{other.path}: repeats other trials than {first.path}; score the same list with both systems"
    )


def _source(scores: pl.DataFrame, files: ScoreFiles) -> SpeakersFrom:
    if "enrol_speaker" in scores.columns or "test_speaker" in scores.columns:
        return "columns"
    if files.utterance_speakers is not None:
        return "manifest"
    return "path" if files.speaker_pattern is None else "pattern"


def _speakers(scores: pl.DataFrame, side: str, files: ScoreFiles, path: Path) -> pl.Series:
    """Return the speaker of one side of each trial."""
    if f"{side}_speaker" in scores.columns:
        return scores[f"{side}_speaker"]
    if files.utterance_speakers is None:
        return speaker_of(scores[side], files.speaker_pattern)
    return _look_up(scores[side], files.utterance_speakers, path)


def _look_up(utterances: pl.Series, table: pl.DataFrame, path: Path) -> pl.Series:
    known = table.select(composed(table["utterance_id"]), "speaker_id").unique(maintain_order=True)
    twice = known.filter(pl.col("utterance_id").is_duplicated())
    if twice.height:
        name, speaker = twice.row(0)
        other = twice.filter(pl.col("utterance_id") == name)["speaker_id"][1]
        raise InputError(
            f"{path}: its utterance '{shown(name)}' has two speakers, '{shown(speaker)}' and "
            f"'{shown(other)}'; keep one"
        )
    joined = pl.DataFrame({"utterance_id": utterances}).join(
        known, on="utterance_id", how="left", maintain_order="left"
    )
    speakers = joined["speaker_id"]
    if speakers.null_count():
        first = utterances.filter(speakers.is_null())[0]
        raise InputError(
            f"{path}: {speakers.null_count()} trials have an utterance that is not in the manifest, "
            f"the first is '{shown(first)}'"
        )
    return speakers
