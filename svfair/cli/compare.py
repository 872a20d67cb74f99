from pathlib import Path
from typing import Annotated

import typer

from svfair.cli.options import Measuring, SpeakerIdColumn, SpeakerPattern, measuring
from svfair.errors import Parameter


@measuring
def compare(
    baseline: Annotated[
        str, typer.Argument(help="Scored trials of the baseline; several seeds with commas between.")
    ],
    others: Annotated[
        list[str], typer.Argument(metavar="OTHER...", help="Scored trials of each other system, likewise.")
    ],
    measuring: Measuring,
    speakers: Annotated[
        Path | None, typer.Option(help="Speaker metadata, such as VoxCeleb's vox1_meta.csv.")
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="Manifest of the trials' utterances, instead of --speakers.", exists=True),
    ] = None,
    speaker_id_column: SpeakerIdColumn = None,
    speaker_pattern: SpeakerPattern = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a system, in the order given, baseline first.")
    ] = None,
) -> None:
    """Compare systems with a baseline on the same trials: every difference has a paired interval.

    Score files must hold the same trials and labels. Several files of one system, with commas between,
    are its seeds: their mean is compared, and intervals are over speakers and seeds.

    [bold]Examples:[/bold]

    svfair compare resnet-l.csv resnet-v2.csv --speakers vox1_meta.csv

    svfair compare plain-0.parquet,plain-1.parquet fair-0.parquet,fair-1.parquet --manifest corpus
    """
    from svfair.audit import system_names
    from svfair.cli.presenting import audit_and_present
    from svfair.errors import InputError
    from svfair.manifests import read_attributes, read_manifest

    settings = measuring.settings()
    if (speakers is None) == (manifest is None):
        raise InputError(Parameter("speakers"), " or ", Parameter("manifest"), ": give one of the two")
    if manifest is not None:
        whole = read_manifest(manifest)
        known = whole.speakers()
        files = measuring.score_files(utterance_speakers=whole.table)
    elif speakers is not None:
        known = read_attributes(speakers, id_column=speaker_id_column)
        files = measuring.score_files(speaker_pattern=speaker_pattern)
    seeds = [[Path(part) for part in given.split(",") if part] for given in (baseline, *others)]
    if not all(seeds):
        raise InputError(Parameter("baseline" if not seeds[0] else "others"), ": names no score file")
    names = system_names([paths[0] for paths in seeds], name or [])
    systems = list(zip(names, seeds, strict=True))
    audit_and_present(systems, known, settings, files, measuring.output(), same_trials=True)
