from pathlib import Path
from typing import Annotated

import typer

from svfair.cli import options


def evaluate(
    scores: Annotated[
        list[Path], typer.Argument(help="Scored trials of each system; the first is the baseline.")
    ],
    manifest: Annotated[Path, typer.Option(help="Manifest of the trials' utterances.", exists=True)],
    by: options.By = None,
    rule: options.Rule = "both",
    p_target: options.PTarget = 0.05,
    c_miss: options.CMiss = 1.0,
    c_fa: options.CFa = 1.0,
    minimum_speakers: options.MinimumSpeakers = 5,
    minimum_targets: options.MinimumTargets = 100,
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a system, in the order of the files.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a report.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Evaluate one or more systems on trials among the speakers of a manifest.

    [bold]Example:[/bold] svfair evaluate plain.parquet pairwise.parquet --manifest corpus
    """
    from svfair.data.manifest import read_manifest
    from svfair.data.speakers import with_country_region, with_gender
    from svfair.reports.audit import audit_scores, system_names
    from svfair.reports.command import make_settings, present

    settings = make_settings(by, rule, p_target, c_miss, c_fa, minimum_speakers, minimum_targets)
    utterances = read_manifest(manifest, check_audio=False)
    speakers = with_country_region(with_gender(utterances.speakers()))
    results = [
        audit_scores(path, speakers, settings, system=system, utterance_speakers=utterances.table)
        for path, system in zip(scores, system_names(scores, name or []), strict=True)
    ]
    present(results, html=html, as_json=as_json)
