from pathlib import Path
from typing import Annotated

import typer

from svfair.cli.options import Measuring, measuring


@measuring
def evaluate(
    scores: Annotated[
        list[Path], typer.Argument(help="Scored trials of each system; the first is the baseline.")
    ],
    measuring: Measuring,
    manifest: Annotated[Path, typer.Option(help="Manifest of the trials' utterances.", exists=True)],
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a system, in the order of the files.")
    ] = None,
) -> None:
    """Evaluate one or more systems on trials among the speakers of a manifest.

    Systems may be scored on trials of their own; `compare` insists on the same.

    [bold]Example:[/bold] svfair evaluate plain.parquet pairwise.parquet --manifest corpus
    """
    from svfair.data.speakers_of_manifest import speakers_of_manifest
    from svfair.reports.audit import system_names
    from svfair.reports.command import audit_systems, present

    settings = measuring.settings()
    speakers, utterances = speakers_of_manifest(manifest)
    files = measuring.score_files(utterance_speakers=utterances)
    systems = [
        (system, [path]) for path, system in zip(scores, system_names(scores, name or []), strict=True)
    ]
    present(audit_systems(systems, speakers, settings, files, same_trials=False), measuring.output())
