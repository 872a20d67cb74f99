"""Options that `audit`, `evaluate` and `compare` share, declared once."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    import polars as pl

    from svfair.audit import AuditSettings
    from svfair.cli.presenting import Output
    from svfair.trials import ScoreFiles

# Options stand in the help in these boxes.
_groups, _errors, _intervals, _files, _output = (
    functools.partial(typer.Option, rich_help_panel=box)
    for box in ("Groups of trials", "Error rates", "Intervals", "Score files", "Output")
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
        fields = ("enrol", "test", "score", "enrol_speaker", "test_speaker")
        target_label = self.values["target_label"]
        return ScoreFiles(
            columns={name: self.values[f"{name}_column"] for name in fields}
            | {"is_target": self.values["label_column"]},
            trials=None if trials is None else read_trial_list(trials, target_label=target_label),
            target_label=target_label,
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
        _groups(
            help="Attribute to group by: gender, gender*country, age:30,50 (bins). Repeat for more.",
            show_default="gender, country_region",
        ),
    ] = None,
    rule: Annotated[
        str, _groups(help="Trials of a group: both, enrol or any of the two speakers in it.")
    ] = "both",
    same: Annotated[
        list[str] | None,
        _groups(help="Keep only trials whose speakers share this attribute. Repeat for more."),
    ] = None,
    minimum_speakers: Annotated[
        int, _groups(min=1, help="Groups with fewer speakers are shown but left out of gaps.")
    ] = 5,
    minimum_targets: Annotated[
        int, _groups(min=1, help="Groups with fewer target trials are shown but left out of gaps.")
    ] = 100,
    threshold: Annotated[
        str,
        _errors(
            metavar="eer|dcf|fmr=RATE|NUMBER",
            help="The one threshold for all groups: of equal error, least cost or a false match rate over "
            "all trials, or given.",
        ),
    ] = "eer",
    on_hull: Annotated[
        bool, _errors("--hull", help="EER on the ROC's convex hull, not interpolated.")
    ] = False,
    p_target: Annotated[float, _errors(help="Prior of a target trial, for detection costs.")] = 0.05,
    c_miss: Annotated[float, _errors(help="Cost of a miss.")] = 1.0,
    c_fa: Annotated[float, _errors(help="Cost of a false alarm.")] = 1.0,
    replicates: Annotated[
        int, _intervals(min=0, help="Bootstrap replicates over speakers; 0 for no intervals.")
    ] = 1000,
    permutations: Annotated[
        int, _intervals(min=0, help="Shuffles of groups, for the gap that chance gives.")
    ] = 1000,
    level: Annotated[float, _intervals(help="Coverage of intervals.")] = 0.95,
    kind: Annotated[
        str, _intervals("--interval", help="Intervals of rates: percentile or basic.")
    ] = "percentile",
    stratify: Annotated[
        str | None, _intervals(help="Attribute of which each replicate keeps the number of speakers.")
    ] = None,
    seed: Annotated[int, _intervals(min=0, help="Of replicates and permutations.")] = 0,
    enrol_column: Annotated[
        str, _files(help="Column of the enrolment utterance, in files with header.")
    ] = "",
    test_column: Annotated[str, _files(help="Column of the test utterance.")] = "",
    label_column: Annotated[str, _files(help="Column of the label.")] = "",
    score_column: Annotated[str, _files(help="Column of the score.")] = "",
    enrol_speaker_column: Annotated[
        str, _files(help="Column of the speaker of the enrolment utterance, if the scores have one.")
    ] = "",
    test_speaker_column: Annotated[
        str, _files(help="Column of the speaker of the test utterance, likewise.")
    ] = "",
    target_label: Annotated[
        str | None,
        _files(help="Label of a target trial, in files with two words of their own.", metavar="WORD"),
    ] = None,
    lower_is_closer: Annotated[
        bool | None,
        _files(
            "--lower-is-closer/--higher-is-closer",
            help="Whether scores are distances; they are negated then.",
            show_default="higher, and an EER above 50 % is refused",
        ),
    ] = None,
    trials: Annotated[Path | None, _files(help="Trial list that has the labels, for scores without.")] = None,
    skip_bad_lines: Annotated[
        bool, _files("--skip-bad-lines", help="Leave bad lines out, counted, and go on.")
    ] = False,
    html: Annotated[Path | None, _output(help="Also write a report.", writable=True, dir_okay=False)] = None,
    csv: Annotated[
        Path | None, _output(help="Also write every rate of every group.", writable=True, dir_okay=False)
    ] = None,
    latex: Annotated[
        Path | None, _output(help="Also write the main table for a paper.", writable=True, dir_okay=False)
    ] = None,
    as_json: Annotated[bool, _output("--json", help="Print the result as JSON.")] = False,
) -> None: ...


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options; it receives them as its parameter `measuring`."""
    shared = inspect.signature(_shared).parameters
    own = [one for name, one in inspect.signature(command).parameters.items() if name != "measuring"]
    hints = get_type_hints(command, include_extras=True) | get_type_hints(_shared, include_extras=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        values = {name: given.pop(name) for name in shared}
        command(**given, measuring=Measuring(values))

    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared.values())]
    # typer reads a command's options from its signature and annotations.
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {name: hint for name, hint in hints.items() if name not in ("measuring", "return")}
    del run.__wrapped__
    return run


SpeakerIdColumn = Annotated[
    str | None,
    _files(help="Column of the speaker in the speaker metadata.", show_default="by usual names"),
]

SpeakerPattern = Annotated[
    str | None,
    _files(help="Regular expression; group 1 is the speaker.", show_default="the path's first folder"),
]

FromRun = Annotated[
    Path | None,
    typer.Option(help="Run folder: take the speakers that it held out, and no others.", metavar="RUN"),
]
