from pathlib import Path
from typing import Annotated

import typer


def trials(
    manifest: Annotated[Path, typer.Argument(help="Manifest, or folder holding one.", exists=True)],
    out: Annotated[Path, typer.Argument(help="List to write: .txt (VoxCeleb), .csv or .parquet.")],
    match: Annotated[
        list[str] | None,
        typer.Option(help="Attribute that non-target pairs share; repeat for more.", show_default="gender"),
    ] = None,
    targets_per_speaker: Annotated[int, typer.Option(min=1)] = 60,
    non_targets_per_speaker: Annotated[int, typer.Option(min=1)] = 120,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Draw hard trials, of the kind of VoxCeleb1-H.

    Target trials are over different sessions; non-target trials are between speakers who share the
    attributes given with --match.

    [bold]Example:[/bold] svfair trials corpus trials.txt --match gender --match country_region
    """
    import json

    from svfair.data.manifest import read_manifest
    from svfair.data.speakers import with_country_region
    from svfair.data.trial_design import design_trials, speakers_without_trials
    from svfair.data.trials import write_trials

    table = with_country_region(read_manifest(manifest, check_audio=False).table)
    drawn = design_trials(
        table,
        match=tuple(match or ["gender"]),
        targets_per_speaker=targets_per_speaker,
        non_targets_per_speaker=non_targets_per_speaker,
        seed=seed,
    )
    write_trials(drawn, out)
    targets = int(drawn["is_target"].sum())
    no_target, no_non_target = speakers_without_trials(table, drawn)
    if as_json:
        made = {
            "trials": str(out),
            "targets": targets,
            "non_targets": drawn.height - targets,
            "speakers_without_target": no_target,
            "speakers_without_non_target": no_non_target,
        }
        typer.echo(json.dumps(made))
        return
    typer.echo(f"{targets} target and {drawn.height - targets} non-target trials: {out}", err=True)
    for kind, without in (("target", no_target), ("non-target", no_non_target)):
        if without:
            typer.echo(f"Speakers in no {kind} trial: {len(without)}, such as {without[0]}.", err=True)
