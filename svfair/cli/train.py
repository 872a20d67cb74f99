from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[Path, typer.Argument(help="YAML recipe.", exists=True, dir_okay=False)],
    data: Annotated[
        Path | None, typer.Option(help="Manifest, or folder holding one. Sets data.manifest.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME-SEED.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field of the recipe.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    evaluate: Annotated[bool, typer.Option(help="Evaluate on the held-out speakers afterwards.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train an extractor by a recipe and evaluate it on held-out speakers.

    Ctrl-C leaves a checkpoint; the same command with --resume goes on from it to the same result.

    [bold]Example:[/bold] svfair train recipes/synthetic/pairwise.yaml --data corpus --set training.steps=200
    """
    from svfair.training.command import run_recipe

    run_recipe(recipe, data, out, settings or [], resume=resume, evaluate=evaluate, as_json=as_json)
