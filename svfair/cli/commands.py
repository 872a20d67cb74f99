"""How every command ends when its input is bad: one line, exit code 2, no traceback."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from svfair.cli.outputs import check_outputs, outputs_of
from svfair.errors import InputError, shown

USAGE_ERROR = 2

#: Commands that need a part of svfair as a whole, and the part.
_PARTS = {"train": "train", "embed": "train", "demo": "demo", "synth": "demo"}

#: Libraries that an audit does without, and the part that brings them.
_IN_PARTS = dict.fromkeys(
    (
        *("torch", "torchaudio", "speechbrain", "sklearn", "threadpoolctl", "pydantic", "yaml"),
        *("safetensors", "tqdm"),
    ),
    "train",
) | {"espeakng_loader": "demo", **dict.fromkeys(("av", "pycountry", "soundfile", "soxr"), "data")}


#: Exit code of a process that was ended by SIGINT, by the shells' convention.
INTERRUPTED = 130


def exit_code_of(signal_number: int) -> int:
    """Return the exit code of a process that a signal ended, by the shells' convention: 130 for Ctrl-C."""
    return 128 + signal_number


class Command(TyperCommand):
    """Writes what is wrong with an input in the words of the command line: parameters are options there."""

    #: Parameters that name files to write.
    outputs: frozenset[str] = frozenset()

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            check_outputs(self.outputs, ctx.params)
            return super().invoke(ctx)
        except InputError as error:
            options = {str(one.name): max(one.opts, key=len) for one in self.params}
            typer.echo("\n".join([f"svfair: {error.named(options)}", *error.hints_named(options)]), err=True)
            raise typer.Exit(USAGE_ERROR) from error
        except MemoryError as error:
            typer.echo(f"svfair: not enough memory for this ({shown(error, 200)})", err=True)
            raise typer.Exit(USAGE_ERROR) from error


class Commands(TyperGroup):
    """Names the part of svfair that a command needs and that is not installed."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            name = (error.name or "").partition(".")[0]
            if name not in _IN_PARTS:
                raise
            command = ctx.invoked_subcommand
            part = _PARTS.get(command, _IN_PARTS[name])
            typer.echo(
                f"svfair: {command} needs '{name}', which comes with a part of svfair that is not installed: "
                f"pip install 'svfair[{part}]'",
                err=True,
            )
            raise typer.Exit(USAGE_ERROR) from error


def register(app: typer.Typer, name: str, function: Callable[..., Any]) -> None:
    """Make a function a command."""

    class _Registered(Command):
        outputs = outputs_of(function)

    app.command(name, cls=_Registered)(function)
