"""Files that a preparation leaves out: each listed with its reason, counted by kind, and not too many."""

from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter
from svfair.tables.writing import write_table

NO_FILE = pl.lit("no such file")

#: How a reason begins, and what it counts as; any other is unreadable.
_KINDS = {
    "no such file": "missing",
    "is empty": "empty",
    "holds no audio": "empty",
    "is cut off": "cut off",
    "too short": "too short",
    "the same recording": "duplicate",
    "another file has the same utterance id": "duplicate",
    "its name": "unusable name",
    "symbolic link": "bad link",
    "cannot be looked at": "bad link",
}


class Refusals:
    """Collects files and reasons.

    Parameters
    ----------
    unusable
        `path` and `reason` of what was refused to begin with.
    """

    def __init__(self, unusable: pl.DataFrame) -> None:
        self._tables = [unusable]

    def take(self, rows: pl.DataFrame, is_bad: pl.Expr, reason: pl.Expr) -> pl.DataFrame:
        """Move the rows for which `is_bad` holds into the refusals; return the others."""
        self._tables.append(rows.filter(is_bad).select("path", reason=reason.cast(pl.String)))
        return rows.filter(~is_bad)

    def __len__(self) -> int:
        return sum(table.height for table in self._tables)

    def table(self) -> pl.DataFrame:
        """Return `path`, `kind` and `reason`, sorted."""
        kind = pl.lit("unreadable")
        for beginning, name in _KINDS.items():
            kind = pl.when(pl.col("reason").str.starts_with(beginning)).then(pl.lit(name)).otherwise(kind)
        joined = pl.concat(self._tables).with_columns(kind=kind)
        return joined.select("path", "kind", "reason").sort("path", "reason")

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, the most frequent first."""
        counted = self.table()["kind"].value_counts().sort(["count", "kind"], descending=[True, False])
        return dict(counted.iter_rows())


def refuse_too_many(refusals: Refusals, files: int, largest_share: float, out: Path) -> None:
    """Write `rejected.csv` and raise, when nothing is left or more than a share of the files is refused.

    Raises
    ------
    InputError
        With the counts by kind.
    """
    if len(refusals) <= largest_share * files and len(refusals) < files:
        return
    write_table(refusals.table(), out / "rejected.csv")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in refusals.counts().items())
    what = "all files are" if len(refusals) >= files else f"{len(refusals):,} of {files:,} files are"
    raise InputError(
        f"{out / 'rejected.csv'}: {what} rejected ({kinds}), more than ",
        Parameter("max_rejected"),
        f" {largest_share:g} allows; no manifest was written. Mend the source, or allow more",
    )
