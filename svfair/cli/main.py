"""The `svfair` command. Each command lives in a file of its own and imports what it needs when it runs."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from svfair import __version__
from svfair.cli import audit, compare, demo, embed, evaluate, prepare, score, synth, train, trials
from svfair.cli.check_trials import check_trials
from svfair.cli.subset import subset
from svfair.errors import InputError

USAGE_ERROR = 2

#: Libraries that an audit does without, and the optional part of svfair that brings them.
_IN_PARTS = dict.fromkeys(
    (
        *("torch", "torchaudio", "speechbrain", "sklearn", "threadpoolctl", "pydantic", "yaml"),
        *("safetensors", "tqdm"),
    ),
    "train",
) | {"espeakng_loader": "demo", **dict.fromkeys(("av", "pycountry", "soundfile", "soxr"), "data")}


class _Commands(TyperGroup):
    """Turns bad input into one line and exit code 2, in a process and under typer's test runner alike."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            typer.echo(f"svfair: {error}", err=True)
            raise typer.Exit(USAGE_ERROR) from error
        except ModuleNotFoundError as error:
            name = (error.name or "").partition(".")[0]
            if name not in _IN_PARTS:
                raise
            command = ctx.invoked_subcommand
            part = "demo" if command in ("demo", "synth") else _IN_PARTS[name]
            typer.echo(
                f"svfair: {command} needs '{name}', which comes with a part of svfair that is not installed: "
                f"pip install 'svfair[{part}]'",
                err=True,
            )
            raise typer.Exit(USAGE_ERROR) from error


app = typer.Typer(
    cls=_Commands,
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


# One line a command: app.command(name)(module.function)
app.command("train")(train.train)
app.command("embed")(embed.embed)
app.command("score")(score.score)
app.command("demo")(demo.demo)
app.command("synth")(synth.synth)
app.command("trials")(trials.trials)
app.command("check-trials")(check_trials)
app.command("subset")(subset)
app.add_typer(prepare.app, name="prepare")
app.command("evaluate")(evaluate.evaluate)
app.command("audit")(audit.audit)
app.command("compare")(compare.compare)
