"""Trials among the speakers of a manifest, of the kind of VoxCeleb1-H."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from svfair.errors import InputError, Parameter
from svfair.manifests.groups import check_has, with_known_values
from svfair.missing import UNKNOWN
from svfair.tables.frames import check_once, check_texts, check_trials_frame
from svfair.trials.target_pairs import TargetPairs

IntArray = npt.NDArray[np.int64]

#: Up to this many utterances, all pairs of a speaker are listed; of more, pairs are drawn by number.
_LISTED_UTTERANCES = 300


def design_trials(
    table: pl.DataFrame,
    *,
    match: Sequence[str] = ("gender",),
    targets_per_speaker: int,
    non_targets_per_speaker: int,
    seed: int = 0,
    within_session: bool = False,
) -> pl.DataFrame:
    """Draw trials: targets over different sessions, non-targets between speakers who share attributes.

    Parameters
    ----------
    table
        Manifest table with `utterance_id`, `speaker_id`, `session_id` and the `match` attributes.
    match
        Attributes that the two speakers of a non-target trial share, as in VoxCeleb1-H (gender, country);
        none, and they are any two speakers, as in VoxCeleb1-E.
    targets_per_speaker, non_targets_per_speaker
        Trials with a speaker on the enrolment side; fewer when it has no more pairs.
    seed
        Of the draw. The order of the table's rows does not matter.
    within_session
        Whether the two utterances of a target trial may be of one session.

    Returns
    -------
    polars.DataFrame
        `enrol`, `test`, `is_target`; no pair occurs twice, in either order.

    Raises
    ------
    InputError
        When a column is not there, lacks a value or names an utterance twice, or no target or no non-target
        trial can be made.
    """
    table = check_utterances(table)
    check_has(table, match, "match")
    table = table.sort("speaker_id", "utterance_id")
    sessions = number_sessions(table, within_session=within_session)
    starts = table["speaker_id"].is_first_distinct().arg_true().to_numpy()
    rows_of = np.split(np.arange(table.height), starts[1:])
    cell_of = _cells(table[starts.tolist()], match)
    random = np.random.default_rng(seed)
    targets: list[IntArray] = []
    non_targets: list[IntArray] = []
    for speaker, own in enumerate(rows_of):
        targets.append(_draw_targets(own, sessions, targets_per_speaker, random))
        others = np.flatnonzero(cell_of == cell_of[speaker])
        others = others[others != speaker]
        if len(others):
            # Every other speaker is drawn equally often, to within one.
            drawn = np.resize(random.permutation(others), non_targets_per_speaker)
            test = np.array([random.choice(rows_of[other]) for other in drawn])
            non_targets.append(np.stack([random.choice(own, len(test)), test], axis=1))
    chosen_targets, chosen_non_targets = _join(targets), _unordered_unique(_join(non_targets))
    if not len(chosen_targets):
        raise no_targets(within_session=within_session)
    if not len(chosen_non_targets):
        raise no_non_targets(match)
    return trials_of_rows(table["utterance_id"], chosen_targets, chosen_non_targets)


def check_utterances(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table, which names utterances once each, and their speakers and sessions.

    Raises
    ------
    InputError
        When a column is not there, holds no names, or lacks a value, or an utterance stands there twice.
    """
    table = check_texts(table, ("utterance_id", "speaker_id", "session_id"), "table")
    check_once(table, "utterance_id", "table", "keep one row of each")
    return table


def number_sessions(table: pl.DataFrame, *, within_session: bool) -> IntArray:
    """Return the number of the session of each row; when pairs may be within one, every row has its own."""
    if within_session:
        return np.arange(table.height)
    ranks = table.select(pl.struct("speaker_id", "session_id").rank("dense")).to_series()
    return ranks.to_numpy().astype(np.int64)


def no_targets(*, within_session: bool) -> InputError:
    """Return the error that says why there is no target trial to make."""
    if within_session:
        return InputError("trials: no speaker has two utterances, so there is no target trial to make")
    return InputError(
        "trials: no speaker has two sessions, so there is no target trial to make; for a corpus that does "
        "not tell sessions, ",
        Parameter("within_session"),
        " allows targets of one session",
    )


def no_non_targets(match: Sequence[str]) -> InputError:
    """Return the error that says why there is no non-target trial to make."""
    if not match:
        return InputError("trials: there is one speaker alone, so there is no non-target trial to make")
    return InputError(
        f"trials: no two speakers share {', '.join(match)}, so there is no non-target trial to make; name "
        "fewer attributes in ",
        Parameter("match"),
    )


def trials_of_rows(utterances: pl.Series, targets: IntArray, non_targets: IntArray) -> pl.DataFrame:
    """Return the trials whose utterances stand at the given pairs of rows."""
    pairs = np.concatenate([targets, non_targets])
    return pl.DataFrame(
        {
            "enrol": utterances[pairs[:, 0]],
            "test": utterances[pairs[:, 1]],
            "is_target": np.arange(len(pairs)) < len(targets),
        }
    )


def speakers_without_trials(table: pl.DataFrame, trials: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return the speakers of a manifest table who are in no target trial, and those in no non-target trial.

    The first have one session, the second share the matched attributes with nobody. Ids are sorted.
    """
    trials = check_trials_frame(trials)
    table = check_texts(table, ("utterance_id", "speaker_id"), "table")
    sides = pl.concat(trials.select("is_target", utterance_id=side) for side in ("enrol", "test"))
    speakers = set(table["speaker_id"])
    tried = sides.join(table.select("utterance_id", "speaker_id"), on="utterance_id")
    in_targets = set(tried.filter("is_target")["speaker_id"])
    in_non_targets = set(tried.filter(~pl.col("is_target"))["speaker_id"])
    return sorted(speakers - in_targets), sorted(speakers - in_non_targets)


def _draw_targets(own: IntArray, sessions: IntArray, count: int, random: np.random.Generator) -> IntArray:
    if len(own) > _LISTED_UTTERANCES:
        return TargetPairs(own, sessions[own]).draw(count, random)
    first, second = np.triu_indices(len(own), k=1)
    pairs = np.stack([own[first], own[second]], axis=1)
    pairs = pairs[sessions[pairs[:, 0]] != sessions[pairs[:, 1]]]
    return random.permutation(pairs)[:count]


def _cells(speakers: pl.DataFrame, match: Sequence[str]) -> IntArray:
    """Give each combination of the speakers' attributes a number; unknown values match each other."""
    if not match:
        return np.zeros(speakers.height, dtype=np.int64)
    known = with_known_values(speakers, match)
    values = known.select(pl.struct(pl.col(match).fill_null(UNKNOWN)).rank("dense"))
    return values.to_series().to_numpy().astype(np.int64)


def _unordered_unique(pairs: IntArray) -> IntArray:
    if not len(pairs):
        return pairs
    _, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
    return pairs[np.sort(first)]


def _join(parts: list[IntArray]) -> IntArray:
    return np.concatenate(parts) if parts else np.empty((0, 2), dtype=np.int64)
