"""What `audit`, `evaluate` and `compare` show."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from svfair.audit import Audit, AuditSettings, audit_systems
from svfair.errors import visible
from svfair.files import write_text_whole
from svfair.reports import note_lines, print_audits, to_csv, to_json, to_latex, write_page
from svfair.trials import ScoreFiles


@dataclass(frozen=True)
class Output:
    """Where results go beside the terminal."""

    html: Path | None = None
    csv: Path | None = None
    latex: Path | None = None
    as_json: bool = False


def audit_and_present(
    systems: Sequence[tuple[str, Sequence[Path]]],
    speakers: pl.DataFrame,
    settings: AuditSettings,
    files: ScoreFiles,
    output: Output,
    *,
    same_trials: bool,
) -> None:
    """Audit systems as `audit_systems` does, with a bar, and show what was found."""
    with resampling_progress() as progress:
        audits = audit_systems(systems, speakers, settings, files, same_trials=same_trials, progress=progress)
    present(audits, output)


@contextmanager
def resampling_progress() -> Iterator[Callable[[str], Callable[[int], None]]]:
    """Show what is resampled, on a terminal; give a function that begins a line and returns its counter."""
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("Resampling {task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # In a log even an empty bar leaves a line.
        disable=not console.is_terminal,
    )

    def begin(label: str) -> Callable[[int], None]:
        task = bars.add_task(visible(label), total=None)
        return lambda done: bars.advance(task, done)

    with bars:
        yield begin


def present(audits: Sequence[Audit], output: Output) -> None:
    """Print tables or JSON, write the files that are wanted, and tell what was left out."""
    if output.html is not None:
        systems = ", ".join(audit.evaluation.system for audit in audits)
        shares = "shares its" if len(audits) == 1 else "share their"
        write_page(output.html, audits, title=f"How {systems} {shares} errors")
    if output.csv is not None:
        write_text_whole(output.csv, to_csv(audits))
    if output.latex is not None:
        write_text_whole(output.latex, to_latex(audits))
    if output.as_json:
        print(json.dumps(to_json(audits), indent=2))
        return
    print_audits(Console(), audits)
    for line in note_lines(audits):
        Console(stderr=True).print(visible(line), soft_wrap=True, highlight=False, markup=False)
