"""Trials that weigh every group alike, of the kind of VoxCeleb1-F and -FH (Shen et al., 2022)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt
import polars as pl

from svfair.errors import InputError, Parameter
from svfair.manifests.groups import groups_of_speakers
from svfair.manifests.ratios import spread_evenly
from svfair.trials.hard import check_utterances, no_non_targets, no_targets, number_sessions, trials_of_rows
from svfair.trials.pairs import SpeakerPairs, pairs_between, pairs_within, utterance_pairs
from svfair.trials.target_pairs import TargetPairs

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BalancedTrials:
    """A balanced list, and what there was to make it from.

    Parameters
    ----------
    trials
        `enrol`, `test`, `is_target`; no pair occurs twice, in either order.
    targets
        Target trials in every group.
    non_targets
        Non-target trials in every pair of groups.
    target_supply
        Most target trials that each group could have.
    non_target_supply
        Most non-target trials that each pair of groups could have, such as `female-male`.
    unknown
        Speakers left out because their group is not known.
    notes
        What limits the list, and what could not be balanced.
    """

    trials: pl.DataFrame
    targets: int
    non_targets: int
    target_supply: Mapping[str, int]
    non_target_supply: Mapping[str, int]
    unknown: int
    notes: list[str]


def balance_trials(
    table: pl.DataFrame,
    *,
    by: str = "gender",
    match: Sequence[str] = (),
    targets_per_speaker: int,
    non_targets_per_speaker: int,
    trials: int | None = None,
    minimum_speakers: int = 2,
    within_session: bool = False,
    seed: int = 0,
) -> BalancedTrials:
    """Draw as many targets in every group, and as many non-targets in every pair of groups.

    As many means the number that the group, or the pair of groups, with the fewest can supply. Within each,
    trials are spread evenly over speakers.

    Parameters
    ----------
    table
        Manifest table.
    by
        Attribute of the speaker whose values are the groups.
    match
        Attributes that the two speakers of a non-target trial share besides; a value that is not known is
        shared with nobody.
    targets_per_speaker
        Target trials of a speaker, at most.
    non_targets_per_speaker
        Non-target trials with a speaker in a pair of groups, on either side, at most.
    trials
        All trials, at most; targets and non-targets are then fewer in the same proportion.
    minimum_speakers
        Groups with fewer are left out, and named.
    within_session
        Whether the two utterances of a target trial may be of one session.
    seed
        Of the draw. The order of the table's rows does not matter.

    Raises
    ------
    InputError
        When a column is not there, lacks a value or names an utterance twice, an attribute is none of the
        speaker, or nothing can be balanced.
    """
    table = check_utterances(table)
    known = groups_of_speakers(table, [by], "by")
    matched = groups_of_speakers(table, match, "match") if match else None
    table = table.select("utterance_id", "speaker_id", "session_id").sort("speaker_id", "utterance_id")
    notes: list[str] = []
    groups = _members(known[by], minimum_speakers, notes)
    if len(groups) < 2:
        raise InputError(
            Parameter("by"),
            f": '{by}' gives {len(groups)} groups of {minimum_speakers} speakers or more; two are needed",
        )
    random = np.random.default_rng(seed)
    starts = table["speaker_id"].is_first_distinct().arg_true().to_numpy().astype(np.int64)
    counts = np.diff(np.append(starts, table.height))
    sessions = number_sessions(table, within_session=within_session)
    cells = _cells(matched, notes)

    def pairs_of(speaker: int) -> TargetPairs:
        rows = np.arange(starts[speaker], starts[speaker] + counts[speaker])
        return TargetPairs(rows, sessions[rows])

    most = np.zeros(len(starts), dtype=np.int64)
    for speaker in np.concatenate(list(groups.values())).tolist():
        most[speaker] = min(len(pairs_of(speaker)), targets_per_speaker)
    target_supply = {group: int(most[members].sum()) for group, members in groups.items()}
    drawn = {
        f"{one}-{other}": utterance_pairs(
            _pairs(groups[one], groups[other], cells, non_targets_per_speaker, random), starts, counts, random
        )
        for one, other in combinations_with_replacement(groups, 2)
    }
    non_target_supply = {name: len(rows) for name, rows in drawn.items()}
    targets, non_targets = _fewest(target_supply), _fewest(non_target_supply)
    if not targets:
        raise no_targets(within_session=within_session)
    if not non_targets:
        raise no_non_targets(match)
    notes += _limits(target_supply, "target", "groups") + _limits(
        non_target_supply, "non-target", "pairs of groups"
    )
    targets, non_targets = _capped(targets, non_targets, target_supply, non_target_supply, trials)
    chosen = []
    for group in (group for group, supply in target_supply.items() if supply):
        members = groups[group]
        shares = spread_evenly(most[members], targets, random)
        for speaker, share in zip(members.tolist(), shares.tolist(), strict=True):
            if share:
                chosen.append(pairs_of(speaker).draw(share, random))
    table_of = trials_of_rows(
        table["utterance_id"],
        np.concatenate(chosen),
        np.concatenate([rows[:non_targets] for rows in drawn.values()]),
    )
    return BalancedTrials(
        table_of, targets, non_targets, target_supply, non_target_supply, known[by].null_count(), notes
    )


def _members(groups: pl.Series, minimum: int, notes: list[str]) -> dict[str, IntArray]:
    values = groups.to_numpy()
    members = {name: np.flatnonzero(values == name) for name in groups.drop_nulls().unique().sort().to_list()}
    few = [f"{name} ({len(speakers)})" for name, speakers in members.items() if len(speakers) < minimum]
    if few:
        notes.append(f"Groups of fewer than {minimum} speakers are left out: {', '.join(few)}.")
    return {name: speakers for name, speakers in members.items() if len(speakers) >= minimum}


def _cells(matched: pl.DataFrame | None, notes: list[str]) -> IntArray | None:
    """Give each combination of known attributes a number from 0, and -1 where one is not known."""
    if matched is None:
        return None
    names = matched.columns[1:]
    is_known = pl.all_horizontal(pl.col(names).is_not_null())
    ranks = matched.select(cell=pl.when(is_known).then(pl.struct(names).rank("dense")), known=is_known)
    unknown = int((~ranks["known"]).sum())
    if unknown:
        notes.append(f"Speakers in no non-target trial because {' or '.join(names)} is not known: {unknown}.")
    return ranks["cell"].cast(pl.Int64).fill_null(-1).to_numpy()


def _pairs(
    one: IntArray, other: IntArray, cells: IntArray | None, most: int, random: np.random.Generator
) -> SpeakerPairs:
    parts = []
    if cells is None:
        sides = [(one, other)]
    else:
        shared = np.intersect1d(cells[one], cells[other])
        sides = [(one[cells[one] == cell], other[cells[other] == cell]) for cell in shared[shared >= 0]]
    for left, right in sides:
        is_one_group = one is other
        parts.append(
            pairs_within(left, most, random) if is_one_group else pairs_between(left, right, most, random)
        )
    return SpeakerPairs.joined(parts, random)


def _fewest(supply: Mapping[str, int]) -> int:
    return min((count for count in supply.values() if count), default=0)


def _limits(supply: Mapping[str, int], kind: str, what: str) -> list[str]:
    notes = []
    nothing = [name for name, count in supply.items() if not count]
    if nothing:
        notes.append(f"There is no {kind} trial to balance in these {what}: {', '.join(nothing)}.")
    fewest = min((name for name in supply if supply[name]), key=lambda name: supply[name])
    if len({count for count in supply.values() if count}) > 1:
        notes.append(f"{fewest} limits {kind} trials to {supply[fewest]:,}.")
    return notes


def _capped(
    targets: int,
    non_targets: int,
    target_supply: Mapping[str, int],
    non_target_supply: Mapping[str, int],
    trials: int | None,
) -> tuple[int, int]:
    groups = sum(count > 0 for count in target_supply.values())
    pairs = sum(count > 0 for count in non_target_supply.values())
    all_trials = groups * targets + pairs * non_targets
    if trials is None or all_trials <= trials:
        return targets, non_targets
    fewer = targets * trials // all_trials, non_targets * trials // all_trials
    if not all(fewer):
        raise InputError(
            Parameter("trials"), f": {trials} is too few for {groups} groups and {pairs} pairs of groups"
        )
    return fewer
