from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svfair.cli.options import FromRun
from svfair.errors import InputError, Parameter, visible

if TYPE_CHECKING:
    import polars as pl


class Design(StrEnum):
    """What non-target trials are between."""

    RANDOM = "random"
    HARD = "hard"
    BALANCED = "balanced"


def draw_trials(
    manifest: Annotated[
        list[Path],
        typer.Argument(
            metavar="MANIFEST",
            help="Manifest, or folder holding one; none with --run.",
            exists=True,
            default_factory=list,
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            help="List to write: .txt (VoxCeleb), .csv or .parquet.", writable=True, dir_okay=False
        ),
    ],
    run: FromRun = None,
    design: Annotated[
        Design,
        typer.Option(
            help="Non-targets between any speakers, between those who share the attributes of --match, or as "
            "many in every pair of groups."
        ),
    ] = Design.HARD,
    match: Annotated[
        list[str] | None,
        typer.Option(
            help="Attribute that non-target pairs share; repeat for more; none for any speakers.",
            show_default="gender if hard, none if balanced",
        ),
    ] = None,
    by: Annotated[str, typer.Option(help="Attribute whose groups are balanced and counted.")] = "gender",
    targets_per_speaker: Annotated[int, typer.Option(min=1)] = 60,
    non_targets_per_speaker: Annotated[int, typer.Option(min=1)] = 120,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Most trials in all, if balanced.")
    ] = None,
    minimum_speakers: Annotated[
        int, typer.Option(min=2, help="Smaller groups are left out, if balanced.")
    ] = 2,
    within_session: Annotated[
        bool, typer.Option("--within-session", help="Allow targets of one session.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Draw a trial list: random (as VoxCeleb1-E), hard (as -H) or balanced over groups (as -F and -FH).

    Target trials are over different sessions. Trials are counted by group, and the SHA-256 of the list says
    which list it is, however it is stored.

    [bold]Example:[/bold] svfair trials corpus trials.txt --match gender --match country_region

    [bold]Example:[/bold] svfair trials corpus fair.txt --design balanced --by gender --match country

    [bold]Example:[/bold] svfair trials --run runs/pairwise-0 trials.txt
    """
    import json

    from svfair.manifests.groups import check_has, groups_of_utterances
    from svfair.manifests.held_out import read_held_out
    from svfair.manifests.manifest import read_manifest
    from svfair.trials.counts import count_by_group, group_lines
    from svfair.trials.files import write_trials
    from svfair.trials.hard import speakers_without_trials
    from svfair.trials.list_hash import hash_of_list

    if len(manifest) != (run is None):
        raise InputError("give one manifest, or --run in its place, and the file to write")
    table = (read_manifest(manifest[0]) if run is None else read_held_out(run)).table
    matched = _matched(design, match)
    if by != "gender":
        check_has(table, [by], "by")
    shared = {
        "match": matched,
        "targets_per_speaker": targets_per_speaker,
        "non_targets_per_speaker": non_targets_per_speaker,
        "within_session": within_session,
        "seed": seed,
    }
    if design != Design.BALANCED and (trials is not None or minimum_speakers != 2):
        raise InputError(
            Parameter("trials"), " and ", Parameter("minimum_speakers"), " belong to --design balanced"
        )
    balanced = {"by": by, "trials": trials, "minimum_speakers": minimum_speakers}
    drawn, more = _draw(design, table, shared, balanced)
    write_trials(drawn, out)
    made: dict[str, Any] = {
        "trials": str(out),
        "design": str(design),
        "targets": int(drawn["is_target"].sum()),
        "non_targets": int((~drawn["is_target"]).sum()),
        "list_sha256": hash_of_list(drawn),
    } | more
    if by in table.columns:
        made |= {"by": by, "groups": count_by_group(drawn, groups_of_utterances(table, by))}
    no_target, no_non_target = speakers_without_trials(table, drawn)
    made |= {"speakers_without_target": no_target, "speakers_without_non_target": no_non_target}
    if as_json:
        typer.echo(json.dumps(made))
        return
    lines = [f"{made['targets']} target and {made['non_targets']} non-target trials: {out}"]
    lines += group_lines(made["groups"]) if "groups" in made else []
    lines += more.get("notes", [])
    lines += [
        f"Speakers in no {kind} trial: {len(without)}, such as {without[0]}."
        for kind, without in (("target", no_target), ("non-target", no_non_target))
        if without
    ]
    typer.echo(visible("\n".join([*lines, f"SHA-256 of the list: {made['list_sha256']}"])), err=True)


def _matched(design: Design, match: list[str] | None) -> tuple[str, ...]:
    names = match or (["gender"] if design == Design.HARD else [])
    if names == ["none"]:
        return ()
    if "none" in names:
        raise InputError(Parameter("match"), ": none stands alone; leave it or the other attributes out")
    if design == Design.RANDOM and names:
        raise InputError(Parameter("match"), ": random non-targets share nothing; take --design hard")
    return tuple(names)


def _draw(
    design: Design, table: "pl.DataFrame", shared: dict[str, Any], balanced: dict[str, Any]
) -> "tuple[pl.DataFrame, dict[str, Any]]":
    """Return the trials, and what else there is to tell about them."""
    from svfair.trials.balanced import balance_trials
    from svfair.trials.hard import design_trials

    if design != Design.BALANCED:
        return design_trials(table, **shared), {}
    made = balance_trials(table, **shared, **balanced)
    unknown = [f"Speakers left out because {balanced['by']} is not known: {made.unknown}."]
    return made.trials, {
        "targets_per_group": made.targets,
        "non_targets_per_pair": made.non_targets,
        "target_supply": dict(made.target_supply),
        "non_target_supply": dict(made.non_target_supply),
        "speakers_of_unknown_group": made.unknown,
        "notes": made.notes + (unknown if made.unknown else []),
    }
