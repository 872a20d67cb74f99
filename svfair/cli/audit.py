from pathlib import Path
from typing import Annotated

import typer

from svfair.cli import options


def audit(
    scores: Annotated[
        Path, typer.Argument(help="Scored trials: VoxCeleb, Kaldi, CSV, TSV, Parquet; gzip or not.")
    ],
    speakers: Annotated[Path, typer.Option(help="Speaker metadata, such as VoxCeleb's vox1_meta.csv.")],
    by: options.By = None,
    rule: options.Rule = "both",
    p_target: options.PTarget = 0.05,
    c_miss: options.CMiss = 1.0,
    c_fa: options.CFa = 1.0,
    minimum_speakers: options.MinimumSpeakers = 5,
    minimum_targets: options.MinimumTargets = 100,
    enrol_column: options.EnrolColumn = "",
    test_column: options.TestColumn = "",
    label_column: options.LabelColumn = "",
    score_column: options.ScoreColumn = "",
    speaker_pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression; group 1 is the speaker.", show_default="the path's first folder"
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the system.", show_default="the file's")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a report.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Say how the errors of a system that someone else built are shared between groups of speakers.

    Needs scores and metadata: no audio, no model.

    [bold]Example:[/bold] svfair audit scores.csv --speakers vox1_meta.csv --html report.html
    """
    from svfair.reports.audit import audit_scores, read_audit_speakers, system_names
    from svfair.reports.command import make_settings, present

    settings = make_settings(by, rule, p_target, c_miss, c_fa, minimum_speakers, minimum_targets)
    columns = {"enrol": enrol_column, "test": test_column, "is_target": label_column, "score": score_column}
    result = audit_scores(
        scores,
        read_audit_speakers(speakers),
        settings,
        system=system_names([scores], [name] if name else [])[0],
        columns=columns,
        speaker_pattern=speaker_pattern,
    )
    present([result], html=html, as_json=as_json)
