from pathlib import Path
from typing import Annotated

import typer

from svfair.errors import visible


def train(
    recipe: Annotated[Path, typer.Argument(help="YAML recipe.")],
    data: Annotated[
        Path | None, typer.Option(help="Manifest, or folder holding one. Sets data.manifest.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME-SEED.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field of the recipe.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    evaluate: Annotated[bool, typer.Option(help="Evaluate on the held-out speakers afterwards.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train an extractor by a recipe and evaluate it on held-out speakers.

    Ctrl-C, or a termination signal, leaves a checkpoint; the same command with --resume goes on from it to
    the same result.

    [bold]Example:[/bold] svfair train recipes/synthetic/pairwise.yaml --data corpus --set training.steps=200
    """
    import json

    from rich.console import Console

    from svfair.cli.commands import exit_code_of
    from svfair.cli.embedding_bar import embedding_bar
    from svfair.reports import print_audits, to_json
    from svfair.training import Interrupted, RunFolder, complete_run, read_recipe

    given = dict(_parse(setting) for setting in overrides or [])
    if data is not None:
        given["data.manifest"] = json.dumps(str(data))
    resolved = read_recipe(recipe, given)
    run = RunFolder(out or Path("runs") / f"{resolved.name}-{resolved.seed}")

    def tell(line: str) -> None:
        typer.echo(visible(line), err=True)

    try:
        audited = complete_run(
            resolved, run.path, resume=resume, evaluate=evaluate, tell=tell, bar=embedding_bar
        )
    except Interrupted as stop:
        tell("Interrupted. A checkpoint is left; the same command with --resume goes on.")
        raise typer.Exit(exit_code_of(stop.signal_number)) from None
    if audited is None:
        return
    if as_json:
        typer.echo(json.dumps(to_json([audited]), indent=2))
    else:
        print_audits(Console(), [audited])
        tell(f"Report: {run.report_html}")


def _parse(setting: str) -> tuple[str, str]:
    from svfair.errors import InputError, Parameter

    field, equals, value = setting.partition("=")
    if not equals or not field.strip():
        raise InputError(Parameter("overrides"), f" {setting}: write it as section.field=value")
    return field.strip(), value
