"""Published lists of utterances, such as the training lists of VoxCeleb2-GRC."""

from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown
from svfair.tables.bad_lines import BadLine, first_of, refuse
from svfair.tables.frames import check_columns, check_once, check_texts
from svfair.tables.reading import read_bytes
from svfair.tables.unicode import composed

#: A file suffix starts with a letter: the end of `talk.2019` is none.
_SUFFIX = r"\.[A-Za-z][A-Za-z0-9]{0,4}$"


def read_utterance_list(path: Path) -> pl.DataFrame:
    """Read a list of utterances: `speaker path`, or `path` alone, one a line; gzip or not.

    Returns
    -------
    polars.DataFrame
        `speaker_id` (null where not told) and `utterance_id`. Where the first field is a number of one
        digit on every line (VoxCeleb1's split for identification), it is a part and no speaker.

    Raises
    ------
    InputError
        When it cannot be read, holds nothing, or a line has another number of fields.
    """
    rows: list[tuple[str | None, str]] = []
    bad: list[BadLine] = []
    for number, line in enumerate(read_bytes(path).decode("utf-8", errors="replace").split("\n"), 1):
        fields = line.split()
        if len(fields) > 2:
            bad.append((number, f"has {len(fields)} fields, not 'speaker path' or 'path'"))
        elif fields:
            rows.append((fields[0] if len(fields) == 2 else None, fields[-1]))
    refuse(path, bad, "line", "Mend them or take them out")
    if not rows:
        raise InputError(f"{path}: holds no utterances")
    table = pl.DataFrame(rows, schema={"speaker_id": pl.String, "utterance_id": pl.String}, orient="row")
    table = table.with_columns(composed(column) for column in table)
    if table["speaker_id"].str.contains(r"^\d$").all():
        return table.with_columns(speaker_id=pl.lit(None, dtype=pl.String))
    return table


def select_listed(
    table: pl.DataFrame, listed: pl.DataFrame, path: Path, *, skip_missing: bool = False
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the rows of a manifest table that a list names, sorted by speaker and utterance.

    Parameters
    ----------
    table
        Manifest table.
    listed
        See `read_utterance_list`; file suffixes may differ from the manifest's.
    path
        The list, for messages.
    skip_missing
        Whether to count utterances that the manifest does not have, rather than refuse the list.

    Returns
    -------
    table, counts
        The rows; and how many listed utterances are `missing`, `by_suffix` and `repeated`.

    Raises
    ------
    InputError
        Naming the first missing utterances; or one that is of another speaker in the manifest.
    """
    table = check_texts(table, ("utterance_id", "speaker_id"), "table")
    listed = check_columns(check_texts(listed, ["utterance_id"], "listed"), ["speaker_id"], "listed")
    table, listed = _composed(table), _composed(listed)
    matches = match_utterances(listed["utterance_id"], table["utterance_id"])
    missing = matches.filter(pl.col("utterance_id").is_null())["listed"]
    if len(missing) == matches.height or (len(missing) and not skip_missing):
        first = first_of([f"'{shown(name)}'" for name in missing], len(missing))
        none_is_there = len(missing) == matches.height
        advice = () if none_is_there else ("; ", Parameter("skip_missing"), " leaves them out")
        raise InputError(
            f"{path}: {len(missing):,} of {matches.height:,} utterances are not in the manifest: {first}",
            *advice,
        )
    found = matches.drop_nulls("utterance_id")
    _check_speakers(table, listed, found, path)
    rows = table.join(found.select("utterance_id").unique(), on="utterance_id", how="semi")
    return rows.sort("speaker_id", "utterance_id"), {
        "missing": len(missing),
        "by_suffix": int(matches["by_suffix"].sum()),
        "repeated": listed.height - matches.height,
    }


def _composed(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(
        composed(table[name].cast(pl.String)) for name in ("speaker_id", "utterance_id")
    )


def _check_speakers(table: pl.DataFrame, listed: pl.DataFrame, found: pl.DataFrame, path: Path) -> None:
    told = listed.rename({"utterance_id": "listed", "speaker_id": "told"}).drop_nulls()
    known = found.join(table.select("utterance_id", "speaker_id"), on="utterance_id")
    crossed = told.join(known, on="listed").filter(pl.col("told") != pl.col("speaker_id")).sort("listed")
    if crossed.height:
        row = crossed.row(0, named=True)
        raise InputError(
            f"{path}: {crossed.height:,} utterances are of other speakers in the manifest, the first is "
            f"'{shown(row['listed'])}' of '{shown(row['told'])}', there of '{shown(row['speaker_id'])}'"
        )


def match_utterances(listed: pl.Series, known: pl.Series) -> pl.DataFrame:
    """Find the utterances of a list in a manifest, by id or, where that fails, by id without file suffix.

    Parameters
    ----------
    listed
        Ids as a list writes them.
    known
        Ids of the manifest.

    Returns
    -------
    polars.DataFrame
        One row a listed id, sorted: `listed`, `utterance_id` (null when it is not in the manifest) and
        `by_suffix`, whether the two differ by their suffix.

    Raises
    ------
    InputError
        When the manifest has an id twice, or two that are one in another form of Unicode.
    """
    listed, known = composed(listed), composed(known)
    check_once(known.to_frame("utterance_id"), "utterance_id", "the manifest", "keep one row of each")
    unique = pl.DataFrame({"listed": listed.unique().sort()}, schema={"listed": pl.String})
    exact = pl.DataFrame({"listed": known}, schema={"listed": pl.String}).with_columns(exact="listed")
    found = unique.join(exact, on="listed", how="left", maintain_order="left")
    by_stem = (
        pl.DataFrame({"other": known}, schema={"other": pl.String})
        .with_columns(stem=pl.col("other").str.replace(_SUFFIX, ""))
        # Of two utterances that differ by their suffix alone, none can be told to be the one meant.
        .filter(~pl.col("stem").is_duplicated())
    )
    stem = pl.when(pl.col("exact").is_null()).then(pl.col("listed").str.replace(_SUFFIX, ""))
    found = found.with_columns(stem=stem).join(by_stem, on="stem", how="left", maintain_order="left")
    return found.select(
        "listed",
        utterance_id=pl.coalesce("exact", "other"),
        by_suffix=pl.col("exact").is_null() & pl.col("other").is_not_null(),
    )
