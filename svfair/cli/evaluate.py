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
    from svfair.audit import system_names
    from svfair.cli.presenting import audit_and_present
    from svfair.manifests import read_manifest

    settings = measuring.settings()
    known = read_manifest(manifest)
    files = measuring.score_files(utterance_speakers=known.table)
    systems = [
        (system, [path]) for path, system in zip(scores, system_names(scores, name or []), strict=True)
    ]
    audit_and_present(systems, known.speakers(), settings, files, measuring.output(), same_trials=False)
