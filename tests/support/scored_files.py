"""A score file with its speakers, small enough to be audited in no time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

#: Options by which groups of a handful of trials count, and nothing is resampled.
QUICK = ("--replicates", "0", "--permutations", "0", "--minimum-speakers", "2", "--minimum-targets", "5")


def write_scores(
    folder: Path, groups: Sequence[str] = ("female", "male"), column: str = "gender"
) -> list[str]:
    """Write `scores.txt` and `speakers.csv`; return the words of an audit's command."""
    random = np.random.default_rng(0)
    speakers = [f"id{number}" for number in range(4 * len(groups))]
    lines = []
    for place, speaker in enumerate(speakers):
        # The one before the last group's end is of the same group, so that groups have non-targets.
        other = speakers[place - len(groups)]
        for number in range(12):
            lines.append(f"1 {speaker}/a/{number} {speaker}/b/{number} {random.normal(2):.4f}\n")
            lines.append(f"0 {speaker}/a/{number} {other}/b/{number} {random.normal():.4f}\n")
    (folder / "scores.txt").write_text("".join(lines))
    values = [groups[place % len(groups)] for place in range(len(speakers))]
    pl.DataFrame({"speaker_id": speakers, column: values}).write_csv(folder / "speakers.csv")
    words = ["audit", str(folder / "scores.txt"), "--speakers", str(folder / "speakers.csv"), "--by", column]
    return [*words, *QUICK]
