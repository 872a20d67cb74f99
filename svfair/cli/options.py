"""Options that `audit` and `evaluate` share."""

from typing import Annotated

import typer

By = Annotated[
    list[str] | None,
    typer.Option(help="Attribute to group by; repeat for more.", show_default="gender, country_region"),
]
Rule = Annotated[str, typer.Option(help="Trials of a group: both, enrol or any of the two speakers in it.")]
PTarget = Annotated[float, typer.Option(help="Prior of a target trial, for minDCF.")]
CMiss = Annotated[float, typer.Option(help="Cost of a miss.")]
CFa = Annotated[float, typer.Option(help="Cost of a false alarm.")]
MinimumSpeakers = Annotated[
    int, typer.Option(min=1, help="Groups with fewer speakers are shown but left out of gaps.")
]
MinimumTargets = Annotated[
    int, typer.Option(min=1, help="Groups with fewer target trials are shown but left out of gaps.")
]
EnrolColumn = Annotated[str, typer.Option(help="Column of the enrolment utterance, in files with header.")]
TestColumn = Annotated[str, typer.Option(help="Column of the test utterance.")]
LabelColumn = Annotated[str, typer.Option(help="Column of the label.")]
ScoreColumn = Annotated[str, typer.Option(help="Column of the score.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
