"""Options that `audit`, `evaluate` and `compare` share, declared once."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svfair.cli.shared_options import share_options

if TYPE_CHECKING:
    import polars as pl

    from svfair.audit import AuditSettings
    from svfair.cli.presenting import Output
    from svfair.trials import ScoreFiles

_GROUPS, _ERRORS, _INTERVALS, _FILES, _OUTPUT = (
    "Groups of trials",
    "Error rates",
    "Intervals",
    "Score files",
    "Output",
)


@dataclass(frozen=True)
class Measuring:
    """What the shared options say; converted when the command has been checked."""

    values: dict[str, Any]

    def settings(self) -> "AuditSettings":
        """Return how to group, count and resample; raise InputError that names the setting that is off."""
        from svfair.audit import AuditSettings
        from svfair.metrics import OperatingPoint, Resampling, parse_threshold

        values = self.values | {
            "by": tuple(self.values["by"] or ()),
            "same": tuple(self.values["same"] or ()),
            "threshold": parse_threshold(self.values["threshold"]),
        }

        def make(kind: Callable[..., Any], **more: Any) -> Any:
            names = inspect.signature(kind).parameters
            return kind(**{name: values[name] for name in names if name in values}, **more)

        made: AuditSettings = make(
            AuditSettings,
            operating_point=make(OperatingPoint),
            resampling=make(Resampling) if values["replicates"] else None,
        )
        return made

    def score_files(
        self,
        *,
        speaker_pattern: str | None = None,
        utterance_speakers: "pl.DataFrame | None" = None,
    ) -> "ScoreFiles":
        """Return how score files are read, and where the speakers of their utterances come from."""
        from svfair.trials import ScoreFiles, read_trial_list

        trials = self.values["trials"]
        names = {"enrol": "enrol", "test": "test", "is_target": "label", "score": "score"}
        return ScoreFiles(
            columns={name: self.values[f"{option}_column"] for name, option in names.items()},
            trials=None if trials is None else read_trial_list(trials),
            skip_bad_lines=self.values["skip_bad_lines"],
            speaker_pattern=speaker_pattern,
            utterance_speakers=utterance_speakers,
        )

    def output(self) -> "Output":
        """Return where results go."""
        from svfair.cli.presenting import Output

        return Output(self.values["html"], self.values["csv"], self.values["latex"], self.values["as_json"])


def _shared(
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Attribute to group by: gender, gender*country, age:30,50 (bins). Repeat for more.",
            show_default="gender, country_region",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    rule: Annotated[
        str,
        typer.Option(
            help="Trials of a group: both, enrol or any of the two speakers in it.", rich_help_panel=_GROUPS
        ),
    ] = "both",
    same: Annotated[
        list[str] | None,
        typer.Option(
            help="Keep only trials whose speakers share this attribute. Repeat for more.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    minimum_speakers: Annotated[
        int,
        typer.Option(
            min=1,
            help="Groups with fewer speakers are shown but left out of gaps.",
            rich_help_panel=_GROUPS,
        ),
    ] = 5,
    minimum_targets: Annotated[
        int,
        typer.Option(
            min=1,
            help="Groups with fewer target trials are shown but left out of gaps.",
            rich_help_panel=_GROUPS,
        ),
    ] = 100,
    threshold: Annotated[
        str,
        typer.Option(
            metavar="eer|dcf|fmr=RATE|NUMBER",
            help="The one threshold for all groups: of equal error, least cost or a false match rate over "
            "all trials, or given.",
            rich_help_panel=_ERRORS,
        ),
    ] = "eer",
    on_hull: Annotated[
        bool,
        typer.Option(
            "--hull", help="EER on the ROC's convex hull, not interpolated.", rich_help_panel=_ERRORS
        ),
    ] = False,
    p_target: Annotated[
        float, typer.Option(help="Prior of a target trial, for detection costs.", rich_help_panel=_ERRORS)
    ] = 0.05,
    c_miss: Annotated[float, typer.Option(help="Cost of a miss.", rich_help_panel=_ERRORS)] = 1.0,
    c_fa: Annotated[float, typer.Option(help="Cost of a false alarm.", rich_help_panel=_ERRORS)] = 1.0,
    replicates: Annotated[
        int,
        typer.Option(
            min=0, help="Bootstrap replicates over speakers; 0 for no intervals.", rich_help_panel=_INTERVALS
        ),
    ] = 1000,
    permutations: Annotated[
        int,
        typer.Option(
            min=0, help="Shuffles of groups, for the gap that chance gives.", rich_help_panel=_INTERVALS
        ),
    ] = 1000,
    level: Annotated[float, typer.Option(help="Coverage of intervals.", rich_help_panel=_INTERVALS)] = 0.95,
    kind: Annotated[
        str,
        typer.Option(
            "--interval", help="Intervals of rates: percentile or basic.", rich_help_panel=_INTERVALS
        ),
    ] = "percentile",
    stratify: Annotated[
        str | None,
        typer.Option(
            help="Attribute of which each replicate keeps the number of speakers.",
            rich_help_panel=_INTERVALS,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of replicates and permutations.", rich_help_panel=_INTERVALS)
    ] = 0,
    enrol_column: Annotated[
        str,
        typer.Option(help="Column of the enrolment utterance, in files with header.", rich_help_panel=_FILES),
    ] = "",
    test_column: Annotated[
        str, typer.Option(help="Column of the test utterance.", rich_help_panel=_FILES)
    ] = "",
    label_column: Annotated[str, typer.Option(help="Column of the label.", rich_help_panel=_FILES)] = "",
    score_column: Annotated[str, typer.Option(help="Column of the score.", rich_help_panel=_FILES)] = "",
    trials: Annotated[
        Path | None,
        typer.Option(help="Trial list that has the labels, for scores without.", rich_help_panel=_FILES),
    ] = None,
    skip_bad_lines: Annotated[
        bool,
        typer.Option(
            "--skip-bad-lines", help="Leave bad lines out, counted, and go on.", rich_help_panel=_FILES
        ),
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a report.", rich_help_panel=_OUTPUT)] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Also write every rate of every group.", rich_help_panel=_OUTPUT)
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(help="Also write the main table for a paper.", rich_help_panel=_OUTPUT)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=_OUTPUT)
    ] = False,
) -> None: ...


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options; it receives them as its parameter `measuring`."""
    return share_options(command, _shared, "measuring", Measuring)


SpeakerPattern = Annotated[
    str | None,
    typer.Option(
        help="Regular expression; group 1 is the speaker.",
        show_default="the path's first folder",
        rich_help_panel=_FILES,
    ),
]
