"""A trial list checked against a manifest: what is missing, and what contradicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from svfair.errors import shown
from svfair.manifests.groups import check_has, groups_of_utterances
from svfair.manifests.lists import match_utterances
from svfair.tables.bad_lines import first_of
from svfair.tables.frames import check_texts, check_trials_frame
from svfair.trials.counts import GroupCounts, count_by_group
from svfair.trials.list_hash import hash_of_list

#: Contradicting trials that are named.
_NAMED = 3


@dataclass(frozen=True)
class TrialCheck:
    """What a list holds, and how it fits a manifest.

    Parameters
    ----------
    targets, non_targets
        Trials of each kind.
    utterances, speakers
        Utterances that the list names, and speakers of those that the manifest has.
    list_hash
        See `hash_of_list`.
    missing
        Utterances that the manifest does not have, sorted.
    trials_with_missing
        Trials that need one of them.
    by_suffix
        Utterances that have another file suffix in the manifest.
    crossed, same
        Target trials of two speakers, and non-target trials of one: how many, and the first of them.
    repeated
        Trials whose pair was there before, in either order.
    of_itself
        Trials of an utterance with itself.
    within_session
        Target trials of one session.
    groups
        Trials by each attribute and group.
    """

    targets: int
    non_targets: int
    utterances: int
    speakers: int
    list_hash: str
    missing: list[str]
    trials_with_missing: int
    by_suffix: int
    crossed: int
    same: int
    first_crossed: list[str]
    first_same: list[str]
    repeated: int
    of_itself: int
    within_session: int
    groups: dict[str, GroupCounts]

    def problems(self) -> list[str]:
        """Say what is missing or contradicts; nothing, when the list fits the manifest."""
        found = []
        if self.missing:
            first = first_of([f"'{shown(name)}'" for name in self.missing], len(self.missing))
            found.append(
                f"{len(self.missing):,} of {self.utterances:,} utterances are not in the manifest "
                f"({self.trials_with_missing:,} trials): {first}"
            )
        for count, first_trials, what in (
            (self.crossed, self.first_crossed, "target trials are of two speakers"),
            (self.same, self.first_same, "non-target trials are of one speaker"),
        ):
            if count:
                found.append(f"{count:,} {what}: {first_of(first_trials, count)}")
        return found

    def notes(self) -> list[str]:
        """Say what is worth knowing, but no mistake."""
        return [
            f"{count:,} {what}."
            for count, what in (
                (self.by_suffix, "utterances have another file suffix in the manifest"),
                (self.repeated, "trials repeat a pair, in either order"),
                (self.of_itself, "trials compare an utterance with itself"),
                (self.within_session, "target trials are of one session"),
            )
            if count
        ]


def check_trials(trials: pl.DataFrame, table: pl.DataFrame, *, by: Sequence[str] = ()) -> TrialCheck:
    """Check a trial list against a manifest table.

    Parameters
    ----------
    trials
        `enrol`, `test`, `is_target`.
    table
        Manifest table with `utterance_id`, `speaker_id`, `session_id` and the attributes in `by`.
    by
        Attributes whose groups the trials are counted by.

    Raises
    ------
    InputError
        When a column or an attribute is not there, or a column lacks a value.
    """
    trials = check_trials_frame(trials)
    table = check_texts(table, ("utterance_id", "speaker_id", "session_id"), "table")
    check_has(table, by, "by")
    matches = match_utterances(pl.concat([trials["enrol"], trials["test"]]), table["utterance_id"])
    rows = matches.join(table.unique("utterance_id"), on="utterance_id", how="left", maintain_order="left")
    sides = trials
    for side in ("enrol", "test"):
        sides = sides.join(
            rows.select(
                pl.col("listed").alias(side),
                pl.col("speaker_id").alias(f"{side}_speaker"),
                pl.col("session_id").alias(f"{side}_session"),
            ),
            on=side,
            how="left",
            maintain_order="left",
        )
    one, other = pl.col("enrol_speaker"), pl.col("test_speaker")
    crossed = sides.filter(pl.col("is_target") & (one != other))
    same = sides.filter(~pl.col("is_target") & (one == other))
    targets = int(trials["is_target"].sum())
    pair = pl.struct(a=pl.min_horizontal("enrol", "test"), b=pl.max_horizontal("enrol", "test"))
    known = rows.rename({"utterance_id": "in_manifest", "listed": "utterance_id"})
    return TrialCheck(
        targets=targets,
        non_targets=trials.height - targets,
        utterances=matches.height,
        speakers=rows["speaker_id"].drop_nulls().n_unique(),
        list_hash=hash_of_list(trials),
        missing=matches.filter(pl.col("utterance_id").is_null())["listed"].to_list(),
        trials_with_missing=sides.filter(one.is_null() | other.is_null()).height,
        by_suffix=int(matches["by_suffix"].sum()),
        crossed=crossed.height,
        same=same.height,
        first_crossed=_named(crossed),
        first_same=_named(same),
        repeated=trials.height - int(trials.select(pair.n_unique()).item()),
        of_itself=trials.filter(pl.col("enrol") == pl.col("test")).height,
        within_session=sides.filter(
            pl.col("is_target") & (one == other) & (pl.col("enrol_session") == pl.col("test_session"))
        ).height,
        groups={name: count_by_group(trials, groups_of_utterances(known, name)) for name in by},
    )


def _named(trials: pl.DataFrame) -> list[str]:
    return [
        f"'{shown(enrol)}' against '{shown(test)}'"
        for enrol, test in trials.select("enrol", "test").head(_NAMED).iter_rows()
    ]
