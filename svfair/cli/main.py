"""The `svfair` command. Each command lives in a file of its own and imports what it needs when it runs."""

from typing import Annotated

import typer

from svfair import __version__
from svfair.cli import audit, compare, demo, embed, evaluate, prepare, score, synth, train
from svfair.cli.check_trials import check_trials
from svfair.cli.commands import Commands, register
from svfair.cli.process import run_as_process
from svfair.cli.subset import subset
from svfair.cli.trials import draw_trials

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train speaker verification whose errors are spread more evenly over people, and measure it.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"svfair {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


# One line a command.
register(app, "train", train.train)
register(app, "embed", embed.embed)
register(app, "score", score.score)
register(app, "demo", demo.demo)
register(app, "synth", synth.synth)
register(app, "trials", draw_trials)
register(app, "check-trials", check_trials)
register(app, "subset", subset)
app.add_typer(prepare.app, name="prepare")
register(app, "evaluate", evaluate.evaluate)
register(app, "audit", audit.audit)
register(app, "compare", compare.compare)


def main() -> None:
    """Run the command that the process was started with."""
    run_as_process(app)
