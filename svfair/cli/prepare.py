"""`svfair prepare CORPUS SOURCE OUT`: one command a corpus, made of what the corpus says of itself."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from inspect import Parameter, Signature
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

from svfair.cli.commands import INTERRUPTED, register
from svfair.errors import visible

if TYPE_CHECKING:
    from svfair.corpora import Corpus, Options, Prepared

_SOURCE = Annotated[Path, typer.Argument(help="The corpus's folder.", show_default=False)]
_OUT = Annotated[
    Path, typer.Argument(help="Folder to fill; the same command goes on there.", show_default=False)
]
_AS_JSON = Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")]


# What a field says of itself that is no setting of typer's.
_OF_FIELDS = ("name", "help", "shown", "later")


class _Corpora(TyperGroup):
    """Makes the command of a corpus when it is asked for, so that other commands load no corpus."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the corpora."""
        from svfair.corpora import CORPORA

        return list(CORPORA)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a corpus, or None."""
        names = self.list_commands(ctx)
        # An unknown name is held against all commands, to say which was meant.
        for name in [cmd_name] if cmd_name in names else names:
            self.add_command(_command(name), name)
        return self.commands.get(cmd_name)


app = typer.Typer(
    cls=_Corpora,
    no_args_is_help=True,
    help="Turn a corpus, as its publisher ships it, into a manifest.",
    rich_markup_mode="rich",
)


@app.callback()
def _corpora() -> None:
    pass


def _command(name: str) -> Any:
    """Return the command of a corpus, whose options are its fields and those of `Options`."""
    from svfair.corpora import Options, load_corpus

    kind = load_corpus(name)
    of_corpus, of_all = _names(kind), _names(Options)

    def run(source: Path, out: Path, as_json: bool, **given: Any) -> None:
        values = {key: _plain(value) for key, value in given.items()}
        corpus = kind(**{key: values[key] for key in of_corpus})
        _prepare(corpus, source, out, Options(**{key: values[key] for key in of_all}), as_json=as_json)

    names = of_corpus | of_all
    lines = (
        f"Prepare {kind.title}: {kind.layout.removesuffix('.')}.",
        kind.remark,
        f"[bold]Example:[/bold] svfair prepare {name} {kind.example}",
    )
    run.__doc__ = "\n\n".join(_with_options(line, names) for line in lines if line)
    parameters = [
        Parameter("source", Parameter.KEYWORD_ONLY, annotation=_SOURCE),
        Parameter("out", Parameter.KEYWORD_ONLY, annotation=_OUT),
        *_options(kind, names),
        *_options(Options, names),
        Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=_AS_JSON),
    ]
    # typer reads a command's options from its signature and annotations.
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    alone = typer.Typer(rich_markup_mode="rich", add_completion=False)
    register(alone, name, run)
    return typer.main.get_command(alone)


def _names(kind: Any) -> dict[str, str]:
    """Return the option of each field, such as `--cut` of `cut_utterances`."""
    return {one.name: f"--{one.metadata.get('name', one.name).replace('_', '-')}" for one in fields(kind)}


def _with_options(text: str, names: Mapping[str, str]) -> str:
    """Write the fields that a text names between backticks as options."""
    return re.sub(r"`(\w+)`", lambda found: names[found[1]], text)


def _options(kind: Any, names: Mapping[str, str]) -> list[Parameter]:
    """Return the options that the fields of a dataclass are, with the fields' names."""
    hints = get_type_hints(kind)
    options = []
    for one in fields(kind):
        hint: Any = hints[one.name]
        default: Any = one.default
        if get_origin(hint) is Literal:
            hint = _choice(get_args(hint))
            default = hint(default)
        elif get_origin(hint) is tuple:
            hint, default = GenericAlias(list, get_args(hint)[0]), list(default)
        more = {key: value for key, value in one.metadata.items() if key not in _OF_FIELDS}
        more["help"] = _with_options(one.metadata["help"], names)
        more["show_default"] = one.metadata.get("shown", default is not None)
        annotation: Any = Annotated[hint, typer.Option(names[one.name], **more)]
        options.append(Parameter(one.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))
    return options


def _choice(values: Sequence[str]) -> Any:
    return StrEnum("Choice", {value: value for value in values})


def _plain(value: Any) -> Any:
    """Return what typer gives as a field has it."""
    if isinstance(value, StrEnum):
        return value.value
    return tuple(value) if isinstance(value, list) else value


def _prepare(corpus: "Corpus", source: Path, out: Path, options: "Options", *, as_json: bool) -> None:
    """Prepare a corpus, and print what was made and what was left out."""
    from rich.console import Console

    from svfair.corpora import prepare

    console = Console(stderr=True)
    try:
        prepared = prepare(corpus, source, out, options, console)
    except KeyboardInterrupt:
        console.print("Interrupted. What was done is kept; the same command goes on.")
        raise SystemExit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(asdict(prepared), default=str))
        return
    for line in _lines(prepared):
        console.print(visible(line), highlight=False, soft_wrap=True, markup=False)


def _lines(prepared: "Prepared") -> list[str]:
    """Return what tells a user what was made."""
    lines = ["Nothing has changed since the last time: it is still valid."] if prepared.unchanged else []
    lines.append(
        f"{prepared.utterances:,} utterances of {prepared.speakers:,} speakers, {prepared.hours:,.1f} hours: "
        f"{prepared.manifest}"
    )
    if prepared.rejected:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in prepared.rejected.items())
        lines.append(f"Rejected: {kinds}; see {prepared.manifest.parent / 'rejected.csv'}")
    return lines + [f"Note: {note}." for note in prepared.notes]
