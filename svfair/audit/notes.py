"""What a reader must know of an audit beside its figures: data that `svfair.reports.words` puts in words."""

from dataclasses import dataclass
from typing import Literal

#: `lines_rejected`: lines of the score file that could not be read and were left out. `trials_unscored`:
#: trials of the list without a score. `pairs_of_several_scores`: pairs of utterances that were scored more
#: than once, and not alike; each score counts as a trial. `trials_not_same`: trials left out because their
#: speakers do not share an attribute. `targets_of_two_speakers`, `non_targets_of_one_speaker`: trials that
#: count as they are labelled. `trials_of_trained_speakers`: trials with a speaker that the extractor was
#: trained on. `speakers_unknown`: speakers of the trials of whom nothing is known.
NoteKind = Literal[
    "lines_rejected",
    "trials_unscored",
    "pairs_of_several_scores",
    "trials_not_same",
    "targets_of_two_speakers",
    "non_targets_of_one_speaker",
    "trials_of_trained_speakers",
    "speakers_unknown",
]


@dataclass(frozen=True)
class Source:
    """A score file that was audited.

    Parameters
    ----------
    name
        Of the file, without its folder.
    trials
        How many were read from it.
    file_sha256, list_sha256
        Of the file; and of its sorted trials and labels, the same however a list is stored.
    """

    name: str
    trials: int
    file_sha256: str
    list_sha256: str


@dataclass(frozen=True)
class Note:
    """What was left out of an audit, or is odd in it.

    Parameters
    ----------
    kind
        See `NoteKind`.
    count, of
        How many, and of how many; None where that is not counted.
    attribute
        Of `trials_not_same`.
    examples
        Of `lines_rejected`: the first lines, with what is wrong there; of `pairs_of_several_scores`: the
        first pair; of `trials_of_trained_speakers`: the first of these speakers.
    """

    kind: NoteKind
    count: int
    of: int | None = None
    attribute: str | None = None
    examples: tuple[str, ...] = ()
