"""Files that a preparation leaves out: each listed with its reason, counted by kind, and not too many."""

from pathlib import Path
from typing import Literal

import polars as pl

from svfair.audio.problems import AudioProblem
from svfair.errors import InputError, Parameter, shown
from svfair.tables import write_table
from svfair.tables.bad_lines import first_of

#: What is wrong with a file, in a word.
Kind = (
    AudioProblem
    | Literal[
        "too short",
        "duplicate",
        "unusable name",
        "bad link",
        "bad segment",
        "overlapping",
        "no channel",
    ]
)

#: Columns of what is rejected.
REJECTED = {"path": pl.String, "kind": pl.String, "reason": pl.String}

#: The last two in a table that has attributes too, which may be called anything.
KIND, REASON = "rejected as", "rejected because"


class Rejections:
    """Collects files, what is wrong with them, and a word for that.

    Parameters
    ----------
    unusable
        `path`, `kind` and `reason` of what was rejected to begin with.
    """

    def __init__(self, unusable: pl.DataFrame) -> None:
        self._tables = [unusable]

    def take(
        self, rows: pl.DataFrame, is_bad: pl.Expr, kind: Kind | pl.Expr, reason: str | pl.Expr
    ) -> pl.DataFrame:
        """Move the rows for which `is_bad` holds into the rejections; return the others."""
        words = {"kind": kind, "reason": reason}
        texts = {name: pl.lit(one) if isinstance(one, str) else one for name, one in words.items()}
        # Told before the others are gone: a reason may name one that is kept.
        self._tables.append(rows.select("path", **texts, bad=is_bad).filter("bad").drop("bad"))
        return rows.filter(~is_bad)

    def take_unusable(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Move the rows that have a `REASON` of their own, and return the others without it and `KIND`."""
        kept = self.take(rows, pl.col(REASON).is_not_null(), pl.col(KIND), pl.col(REASON))
        return kept.drop(KIND, REASON)

    def __len__(self) -> int:
        return sum(table.height for table in self._tables)

    def table(self) -> pl.DataFrame:
        """Return `path`, `kind` and `reason`, sorted."""
        return pl.concat(self._tables).sort("path", "reason")

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, the most frequent first."""
        counted = self.table()["kind"].value_counts().sort(["count", "kind"], descending=[True, False])
        return dict(counted.iter_rows())

    def check(self, files: int, most: float, out: Path, *, left: int) -> None:
        """Write `rejected.csv` and raise, when nothing is left or more than a share of the files is rejected.

        Parameters
        ----------
        files
            How many there were.
        most
            The share.
        out
            Folder of `rejected.csv`.
        left
            Utterances that are left.

        Raises
        ------
        InputError
            With the counts by kind, and the first files.
        """
        if len(self) <= most * files and left:
            return
        table = self.table()
        write_table(table, out / "rejected.csv")
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.counts().items())
        what = f"{len(self):,} of {files:,} files are" if left else "all files are"
        too_many = (", more than ", Parameter("max_rejected"), f" {most:g} allows") if most < 1 else ()
        first = first_of(
            [f"{shown(path, 100)}: {why}" for path, _, why in table.head(3).iter_rows()], len(table)
        )
        raise InputError(
            f"{out / 'rejected.csv'}: {what} rejected ({kinds})",
            *too_many,
            f"; no manifest was written. Mend the source{', or allow more' if left else ''}. First {first}",
        )
