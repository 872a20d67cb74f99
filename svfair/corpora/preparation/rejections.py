"""Files that a preparation leaves out: each listed with its reason, counted by kind, and not too many."""

from pathlib import Path
from typing import Literal

import polars as pl

from svfair.audio.problems import AudioProblem
from svfair.errors import InputError, Parameter
from svfair.tables import write_table

#: What is wrong with a file, in a word.
Kind = AudioProblem | Literal["too short", "duplicate", "unusable name", "bad link"]

#: Columns of what is rejected.
REJECTED = {"path": pl.String, "kind": pl.String, "reason": pl.String}


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
        self._tables.append(rows.filter(is_bad).select("path", **texts))
        return rows.filter(~is_bad)

    def take_unusable(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Move the rows that have a `reason` of their own, and return the others without the two columns."""
        kept = self.take(rows, pl.col("reason").is_not_null(), pl.col("kind"), pl.col("reason"))
        return kept.drop("kind", "reason")

    def __len__(self) -> int:
        return sum(table.height for table in self._tables)

    def table(self) -> pl.DataFrame:
        """Return `path`, `kind` and `reason`, sorted."""
        return pl.concat(self._tables).sort("path", "reason")

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, the most frequent first."""
        counted = self.table()["kind"].value_counts().sort(["count", "kind"], descending=[True, False])
        return dict(counted.iter_rows())

    def check(self, files: int, most: float, out: Path) -> None:
        """Write `rejected.csv` and raise, when nothing is left or more than a share of the files is rejected.

        Raises
        ------
        InputError
            With the counts by kind.
        """
        if len(self) <= most * files and len(self) < files:
            return
        write_table(self.table(), out / "rejected.csv")
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.counts().items())
        what = "all files are" if len(self) >= files else f"{len(self):,} of {files:,} files are"
        raise InputError(
            f"{out / 'rejected.csv'}: {what} rejected ({kinds}), more than ",
            Parameter("max_rejected"),
            f" {most:g} allows; no manifest was written. Mend the source, or allow more",
        )
