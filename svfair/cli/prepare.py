from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Turn a corpus, as its publisher ships it, into a manifest.",
    rich_markup_mode="rich",
)


@app.callback()
def _corpora() -> None:
    pass


@app.command("speech-accent-archive")
def speech_accent_archive(
    source: Annotated[Path, typer.Argument(help="Folder with speakers_all.csv and recordings/.")],
    out: Annotated[Path, typer.Argument(help="Folder to fill.")],
    seed: Annotated[int, typer.Option(min=0, help="Of channels and codecs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Cut the Speech Accent Archive's recordings into utterances.

    There is one recording a speaker: utterances of its two halves count as two sessions, each through a
    random channel and codec. Figures from it say nothing of different days.

    [bold]Example:[/bold] svfair prepare speech-accent-archive speech-accent-archive archive
    """
    import json
    from dataclasses import asdict

    from svfair.corpora.speech_accent_archive import prepare

    prepared = prepare(source, out, seed=seed, workers=workers)
    if as_json:
        typer.echo(json.dumps(asdict(prepared), default=str))
        return
    typer.echo(
        f"{prepared.utterances} utterances of {prepared.speakers} speakers: {prepared.manifest}", err=True
    )
    if prepared.rejected:
        typer.echo(f"{len(prepared.rejected)} recordings left out, see {out / 'rejected.csv'}", err=True)
