from pathlib import Path
from typing import Annotated

import typer

from svfair.cli.options import Measuring, SpeakerIdColumn, SpeakerPattern, measuring


@measuring
def audit(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scored trials: VoxCeleb, VoxSRC, Kaldi, WeSpeaker, 3D-Speaker, CSV, TSV, JSON, Parquet, "
            ".xlsx; gzip or not."
        ),
    ],
    measuring: Measuring,
    speakers: Annotated[Path, typer.Option(help="Speaker metadata, such as VoxCeleb's vox1_meta.csv.")],
    speaker_id_column: SpeakerIdColumn = None,
    speaker_pattern: SpeakerPattern = None,
    name: Annotated[str | None, typer.Option(help="Name of the system.", show_default="the file's")] = None,
) -> None:
    """Say how the errors of a system that someone else built are shared between groups of speakers.

    Needs scores and metadata: no audio, no model. Every figure has an interval over speakers.

    [bold]Example:[/bold] svfair audit scores.csv --speakers vox1_meta.csv --html report.html
    """
    from svfair.audit import system_names
    from svfair.cli.presenting import audit_and_present
    from svfair.manifests import read_attributes

    settings = measuring.settings()
    files = measuring.score_files(speaker_pattern=speaker_pattern)
    systems = [(system_names([scores], [name] if name else [])[0], [scores])]
    known = read_attributes(speakers, id_column=speaker_id_column)
    audit_and_present(systems, known, settings, files, measuring.output(), same_trials=False)
