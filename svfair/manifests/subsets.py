"""Parts of a manifest table: rows with given values, and some of every speaker's utterances."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from svfair.errors import InputError, Parameter, shown, shown_list
from svfair.files import make_folder
from svfair.manifests.groups import check_has, with_known_values
from svfair.manifests.manifest import Manifest, write_audio_root
from svfair.manifests.ratios import Ratio, shares_in_ratio, spread_evenly
from svfair.missing import UNKNOWN
from svfair.tables.bad_lines import others_like_it
from svfair.tables.frames import check_once, check_texts
from svfair.tables.writing import write_table


def rows_where(table: pl.DataFrame, wanted: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Return the rows that have, in every attribute named, one of the values wanted.

    Raises
    ------
    InputError
        When an attribute is not there, or no row has a value or all together.
    """
    check_has(table, list(wanted), "where")
    kept = pl.repeat(True, table.height, eager=True, dtype=pl.Boolean)
    for name, named in wanted.items():
        values = [named] if isinstance(named, str) else named
        column = with_known_values(table.select(name), [name])[name].fill_null(UNKNOWN)
        absent = [value for value in values if value not in set(column.unique())]
        if absent:
            found = shown_list(column.unique().sort().to_list())
            raise InputError(Parameter("where"), f": no row has '{absent[0]}' in {name}; found {found}")
        kept = kept & column.is_in(list(values))
    if not kept.any():
        raise InputError(Parameter("where"), ": no row has all of these values together")
    return table.filter(kept)


def limit_utterances(table: pl.DataFrame, most: int | Mapping[str, int], *, seed: int = 0) -> pl.DataFrame:
    """Draw some of every speaker's utterances, sorted by speaker and utterance.

    Parameters
    ----------
    table
        Manifest table. The order of rows does not matter.
    most
        Utterances of a speaker, for all or keyed by speaker.
    seed
        Of the draw.

    Raises
    ------
    InputError
        When a column is not there or lacks a value, or a speaker has no number.
    """
    table = check_texts(table, ("utterance_id", "speaker_id"), "table")
    if isinstance(most, Mapping):
        unlimited = set(table["speaker_id"]).difference(most)
        if unlimited:
            raise InputError(
                Parameter("most"),
                f": tells nothing of speaker '{shown(min(unlimited))}'"
                f"{others_like_it(len(unlimited), 'speakers')}",
            )
    ordered = table.sort("speaker_id", "utterance_id")
    shuffled = np.random.default_rng(seed).permutation(ordered.height)
    draw = pl.DataFrame({"row": shuffled, "speaker_id": ordered["speaker_id"][shuffled]})
    if isinstance(most, int):
        limit: pl.Expr = pl.lit(most)
    else:
        limit = pl.col("speaker_id").replace_strict(dict(most), return_dtype=pl.Int64)
    kept = draw.filter(pl.int_range(pl.len()).over("speaker_id") < limit)
    return ordered[kept["row"].sort()]


def spread_utterances(
    table: pl.DataFrame, groups: Mapping[str, Sequence[str]], ratio: Ratio, total: int, *, seed: int = 0
) -> dict[str, int]:
    """Divide a total of utterances over groups in a ratio, and within groups evenly over speakers.

    Parameters
    ----------
    table
        Manifest table.
    groups
        Speakers of each group.
    ratio
        See `speakers_in_ratio`.
    total
        Utterances in all.
    seed
        Decides who gives one more where it does not divide.

    Returns
    -------
    dict
        Utterances of each speaker.

    Raises
    ------
    InputError
        When a group has too few utterances, or would have fewer than speakers.
    """
    there = dict(table.group_by("speaker_id").len().iter_rows())
    random = np.random.default_rng(seed)
    given: dict[str, int] = {}
    for name, wanted in shares_in_ratio(total, ratio).items():
        speakers = sorted(groups[name])
        most = np.array([there[speaker] for speaker in speakers])
        if not len(speakers) <= wanted <= most.sum():
            raise InputError(
                Parameter("utterances"),
                f": {total} in this ratio are {wanted} of '{name}', whose {len(speakers)} speakers have "
                f"{most.sum()}; give a total in between",
            )
        given |= zip(speakers, spread_evenly(most, wanted, random).tolist(), strict=True)
    return given


def check_empty(folder: Path) -> None:
    """Check that a folder is not there, or empty.

    Raises
    ------
    InputError
        When something is there: a part of one subset beside another would be read as one.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is there already and not empty; name another folder, or remove it")


def write_subset(
    part: pl.DataFrame,
    whole: Manifest,
    folder: Path,
    *,
    file_format: str = "parquet",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a part of a manifest into a folder of its own; the audio stays where it is.

    Parameters
    ----------
    part
        Rows of the manifest's table; they are written as the manifest has them.
    whole
        The manifest they are of.
    folder
        Made if it is not there.
    file_format
        Of the manifest, `parquet` or `csv`.
    facts
        How it was made, for `manifest.json`.

    Raises
    ------
    InputError
        When the folder cannot be written, a row is none of the manifest or stands there twice, or a speaker
        has two genders or countries.
    """
    part = check_texts(part, ["utterance_id"], "part")
    strange = part.join(whole.written, on="utterance_id", how="anti")
    if strange.height:
        raise InputError(
            f"part: utterance '{shown(strange['utterance_id'][0])}' is not in {whole.source}"
            f"{others_like_it(strange.height, 'utterances')}"
        )
    check_once(part, "utterance_id", "part", "keep one row of each")
    rows = part.select("utterance_id").join(
        whole.written, on="utterance_id", how="left", maintain_order="left"
    )
    rows = rows.select(whole.written.columns)
    speakers = replace(whole, written=rows).speakers()
    make_folder(folder)
    manifest = folder / f"manifest.{file_format}"
    write_table(speakers, folder / "speakers.csv")
    # The manifest comes last: a folder that holds one is complete.
    write_audio_root(manifest, whole.audio_root, facts)
    write_table(rows, manifest)


def summarise(table: pl.DataFrame, by: Sequence[str]) -> list[dict[str, Any]]:
    """Return `group`, `speakers`, `utterances` and `hours` of every combination of attributes, and of all."""
    all_rows = pl.lit("all").alias("group")
    if by:
        known = with_known_values(table.select("speaker_id", "duration_s", *by), by)
        group = pl.concat_str(pl.col(by).fill_null(UNKNOWN), separator=", ").alias("group")
        counted = pl.concat([known.with_columns(group), known.with_columns(all_rows)])
    else:
        counted = table.with_columns(all_rows)
    rows = counted.group_by("group").agg(
        speakers=pl.col("speaker_id").n_unique(),
        utterances=pl.len(),
        hours=(pl.col("duration_s").sum() / 3600).round(2),
    )
    return rows.sort(pl.col("group") == "all", "group").to_dicts()
