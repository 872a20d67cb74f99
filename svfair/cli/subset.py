from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svfair.errors import InputError, visible

if TYPE_CHECKING:
    import polars as pl


class ManifestFormat(StrEnum):
    """What a manifest is written as."""

    PARQUET = "parquet"
    CSV = "csv"


def subset(
    manifest: Annotated[Path, typer.Argument(help="Manifest, or folder holding one.", exists=True)],
    out: Annotated[Path, typer.Argument(help="Folder to write; must not hold anything.")],
    ratio: Annotated[
        str | None, typer.Option(help="Speakers in a ratio of groups, such as gender=female:1,male:9.")
    ] = None,
    speakers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Speakers in all, with --ratio.",
            show_default="most at which the ratio and its mirror images are possible",
        ),
    ] = None,
    utterances: Annotated[
        int | None, typer.Option(min=1, help="Utterances in all, with --ratio; groups are in the same ratio.")
    ] = None,
    utterances_per_speaker: Annotated[
        int | None, typer.Option(min=1, help="Most utterances of a speaker, drawn at random.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Parts without a speaker in common, such as train=0.8,test=0.2.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Folds; every speaker is held out in one of them.")
    ] = None,
    stratify: Annotated[
        list[str] | None,
        typer.Option(help="Attribute that parts or folds have alike; repeat for combinations."),
    ] = None,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list", help="Published list of utterances, speaker path.", exists=True, dir_okay=False
        ),
    ] = None,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="Count what --list names and the manifest lacks.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Rows with this value, such as gender=female; repeat for more attributes or values."
        ),
    ] = None,
    file_format: Annotated[
        ManifestFormat, typer.Option("--format", help="Of the manifest.")
    ] = ManifestFormat.PARQUET,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Take a part of a manifest: a ratio of groups, splits, folds, a published list, or rows with a value.

    The audio stays where it is; OUT gets a manifest, speakers.csv, and manifest.json, which tells how it was
    made.

    [bold]Example:[/bold] svfair subset voxceleb2 grc19 --ratio gender=female:1,male:9

    [bold]Example:[/bold] svfair subset corpus parts --split train=0.8,test=0.2 --stratify gender

    [bold]Example:[/bold] svfair subset corpus folds --folds 5 --stratify gender --stratify country_region
    """
    import json
    from unicodedata import normalize

    from svfair.files import folder_written_whole
    from svfair.manifests.lists import read_utterance_list, select_listed
    from svfair.manifests.manifest import read_manifest
    from svfair.manifests.subsets import check_empty, limit_utterances, rows_where, summarise, write_subset

    modes = {"--ratio": ratio, "--split": split, "--folds": folds, "--list": listed}
    _check_options(modes, where, utterances_per_speaker)
    _check_belongs("--ratio", ratio, {"--speakers": speakers, "--utterances": utterances})
    _check_belongs("--list", listed, {"--skip-missing": skip_missing or None})
    _check_belongs("--split or --folds", split or folds, {"--stratify": stratify})
    check_empty(out)
    whole = read_manifest(manifest)
    table = whole.table
    found: dict[str, int] = {}
    if listed is not None:
        table, found = select_listed(table, read_utterance_list(listed), listed, skip_missing=skip_missing)
    if where:
        table = rows_where(table, _where(normalize("NFC", one) for one in where))
    if utterances_per_speaker is not None:
        table = limit_utterances(table, utterances_per_speaker, seed=seed)
    by = list(stratify or (["gender"] if "gender" in table.columns else []))
    if ratio is not None:
        attribute, weights = _ratio(normalize("NFC", ratio))
        by = [attribute]
        parts, found = _by_ratio(table, attribute, weights, (speakers, utterances, seed))
    elif split is not None or folds is not None:
        parts = _divided(table, _shares(split) if split else folds or 0, list(stratify or ()), seed)
    else:
        parts = {"": table.sort("speaker_id", "utterance_id")}
    summaries = {name: summarise(part, by) for name, part in parts.items()}
    parameters = {
        **{option.removeprefix("--"): str(value) for option, value in modes.items() if value is not None},
        "where": where or [],
        "stratify": stratify or [],
        "speakers": speakers,
        "utterances": utterances,
        "utterances_per_speaker": utterances_per_speaker,
        "seed": seed,
    }
    with folder_written_whole(out) as folder:
        for name, part in parts.items():
            facts = {
                "made_by": "svfair subset",
                "source": str(whole.source.resolve()),
                "part": name or None,
                "parameters": parameters,
                "result": summaries[name],
                "counts": found,
            }
            write_subset(part, whole, folder / name, file_format=str(file_format), facts=facts)
    if as_json:
        typer.echo(json.dumps({"out": str(out), "by": by, "parts": summaries, "counts": found}))
        return
    lines = [f"Wrote {out}", *_table(summaries)]
    lines += [f"{name.replace('_', ' ').capitalize()}: {count:,}." for name, count in found.items() if count]
    typer.echo(visible("\n".join(lines)), err=True)


def _check_options(modes: Mapping[str, object], where: Sequence[str] | None, per_speaker: int | None) -> None:
    given = [name for name, value in modes.items() if value is not None]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} do not go together; give one of {', '.join(modes)}")
    if not given and not where and per_speaker is None:
        raise InputError(f"nothing to take a part by; give one of {', '.join(modes)} or --where")


def _check_belongs(option: str, given: object, others: Mapping[str, object]) -> None:
    stray = [name for name, value in others.items() if value is not None]
    if stray and not given:
        raise InputError(f"{stray[0]} goes with {option}")


def _by_ratio(
    table: "pl.DataFrame",
    attribute: str,
    weights: dict[str, Fraction],
    sizes: tuple[int | None, int | None, int],
) -> "tuple[dict[str, pl.DataFrame], dict[str, int]]":
    """Return the part, and how many speakers were left out for what."""
    import polars as pl

    from svfair.manifests.groups import groups_of_speakers
    from svfair.manifests.ratios import speakers_in_ratio
    from svfair.manifests.subsets import limit_utterances, spread_utterances

    total, utterances, seed = sizes
    groups = groups_of_speakers(table, [attribute], "ratio").rename({attribute: "group"})
    drawn = speakers_in_ratio(groups, weights, total=total, seed=seed)
    kept = [speaker for members in drawn.values() for speaker in members]
    part = table.filter(pl.col("speaker_id").is_in(kept)).sort("speaker_id", "utterance_id")
    if utterances is not None:
        part = limit_utterances(
            part, spread_utterances(part, drawn, weights, utterances, seed=seed), seed=seed
        )
    named = int(groups["group"].is_in(list(weights)).sum())
    return {"": part}, {
        "speakers_of_unknown_group": groups["group"].null_count(),
        "speakers_of_groups_not_named": groups["group"].count() - named,
        "speakers_not_drawn": named - len(kept),
    }


def _divided(
    table: "pl.DataFrame", parts: dict[str, float] | int, stratify: list[str], seed: int
) -> "dict[str, pl.DataFrame]":
    """Return the rows of every part of a split, or of both sides of every fold."""
    import polars as pl

    from svfair.manifests.groups import groups_of_speakers
    from svfair.manifests.splits import divide_speakers, fold_speakers

    speakers = groups_of_speakers(table, stratify, "stratify")
    if isinstance(parts, dict):
        divided = divide_speakers(speakers, list(parts.values()), stratify=stratify, seed=seed)
        members = dict(zip(parts, divided, strict=True))
    else:
        members = {}
        for number, sides in enumerate(fold_speakers(speakers, parts, stratify=stratify, seed=seed), 1):
            members[f"fold-{number}/training"], members[f"fold-{number}/held_out"] = sides
    ordered = table.sort("speaker_id", "utterance_id")
    return {name: ordered.filter(pl.col("speaker_id").is_in(ids)) for name, ids in members.items()}


def _ratio(text: str) -> tuple[str, dict[str, Fraction]]:
    attribute, _, groups = text.partition("=")
    weights: dict[str, Fraction] = {}
    for group in groups.split(","):
        name, _, number = group.rpartition(":")
        try:
            weight = Fraction(number.strip())
        except (ValueError, ZeroDivisionError):
            weight = Fraction(0)
        if not name.strip() or weight <= 0 or name.strip() in weights:
            raise InputError(f"--ratio '{text}': write it as gender=female:1,male:9, each group once")
        weights[name.strip()] = weight
    if not attribute or len(weights) < 2:
        raise InputError(f"--ratio '{text}': write it as gender=female:1,male:9, with two groups or more")
    return attribute, weights


def _shares(text: str) -> dict[str, float]:
    import re

    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        try:
            share = float(number)
        except ValueError:
            share = 0.0
        if not re.fullmatch(r"\w[\w.-]*", name) or not 0 < share < 1 or name in shares:
            raise InputError(f"--split '{text}': write it as train=0.8,test=0.2, each part once")
        shares[name] = share
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise InputError(f"--split '{text}': the shares add up to {sum(shares.values()):g}, not 1")
    return shares


def _where(conditions: Iterable[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for condition in conditions:
        name, _, value = condition.partition("=")
        if not (name and value):
            raise InputError(f"--where '{condition}': write it as gender=female")
        wanted.setdefault(name, []).append(value)
    return wanted


def _table(summaries: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return groups, speakers, utterances and hours of every part, in columns."""
    has_parts = any(summaries)
    rows = [["part"] * has_parts + ["group", "speakers", "utterances", "hours"]]
    for name, groups in summaries.items():
        rows += [
            [name] * has_parts
            + [row["group"], f"{row['speakers']:,}", f"{row['utterances']:,}", f"{row['hours']:,.2f}"]
            for row in groups
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = len(rows[0]) - 3
    return [
        "  ".join(
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
