from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Argument(help="Folder for everything that is made.")] = Path("demo"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Within two minutes; too short to compare the systems.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Training speakers, start and batches.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that synthesise speech.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Walk the whole way on synthetic speech: corpus, two trainings, fairness table, report.

    Takes about a quarter of an hour on two cores. An interrupted demo goes on when it is run again.

    [bold]Example:[/bold] svfair demo --quick
    """
    import json

    from rich.console import Console

    from svfair.cli.commands import exit_code_of
    from svfair.cli.embedding_bar import embedding_bar
    from svfair.demo import run_demo
    from svfair.reports import print_audits, to_json
    from svfair.training import Interrupted

    console = Console(stderr=True)
    try:
        audits = run_demo(out, quick=quick, seed=seed, workers=workers, console=console, bar=embedding_bar)
    except Interrupted as stop:
        typer.echo("Interrupted. A checkpoint is left; the same command goes on.", err=True)
        raise typer.Exit(exit_code_of(stop.signal_number)) from None
    if as_json:
        typer.echo(json.dumps(to_json(audits), indent=2))
    else:
        print_audits(Console(), audits)
