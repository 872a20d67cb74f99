"""What `svfair prepare` prints."""

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from svfair.corpora.corpus import Corpus
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.prepare import prepare

#: Exit code of a process that was ended by SIGINT, by the shells' convention.
_INTERRUPTED = 130


def run_preparation(corpus: Corpus, source: Path, out: Path, options: Options, *, as_json: bool) -> None:
    """Prepare a corpus, and print what was made and what was left out.

    Raises
    ------
    InputError
        See `prepare`.
    SystemExit
        With code 130 when interrupted; the same command goes on.
    """
    console = Console(stderr=True)
    try:
        prepared = prepare(corpus, source, out, options, console)
    except KeyboardInterrupt:
        console.print("Interrupted. What was done is kept; the same command goes on.")
        raise SystemExit(_INTERRUPTED) from None
    if as_json:
        print(json.dumps(asdict(prepared), default=str))
    else:
        for line in describe(prepared):
            console.print(line, highlight=False, soft_wrap=True, markup=False)


def describe(prepared: Prepared) -> list[str]:
    """Return the lines that tell a user what was made."""
    lines = ["Nothing has changed since the last time: it is still valid."] if prepared.unchanged else []
    lines.append(
        f"{prepared.utterances:,} utterances of {prepared.speakers:,} speakers, {prepared.hours:,.1f} hours: "
        f"{prepared.manifest}"
    )
    if prepared.rejected:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in prepared.rejected.items())
        lines.append(f"Rejected: {kinds}; see {prepared.manifest.parent / 'rejected.csv'}")
    lines += [f"Note: {note}." for note in prepared.notes]
    return lines
