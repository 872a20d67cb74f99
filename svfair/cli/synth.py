from pathlib import Path
from typing import Annotated

import typer

from svfair.errors import InputError, Parameter, visible


def synth(
    out: Annotated[Path, typer.Argument(help="Folder to fill.")],
    speakers: Annotated[int, typer.Option(min=1)] = 240,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions of each speaker.")] = 4,
    utterances: Annotated[int, typer.Option(min=1, help="Utterances in a session.")] = 5,
    female_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of female speakers.", show_default="0.28")
    ] = None,
    gender_ratio: Annotated[
        str | None, typer.Option(metavar="F:M", help="Female to male at the same total, 9:1 to 1:9.")
    ] = None,
    countries: Annotated[
        str, typer.Option(metavar="NAME=WEIGHT,...", help="Of USA, UK, Jamaica.")
    ] = "USA=0.7,UK=0.2,Jamaica=0.1",
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Equal numbers in each gender and country, for test sets.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Make a corpus of many synthetic speakers with espeak-ng: FLAC, 16 kHz, and a manifest.

    The same seed gives the same files. An interrupted corpus goes on where it stopped.

    [bold]Example:[/bold] svfair synth corpus --speakers 240 --gender-ratio 1:9 --seed 1
    """
    import json

    from svfair.corpora.synthetic.corpus import SyntheticCorpus, make_corpus

    corpus = SyntheticCorpus(
        speakers=speakers,
        sessions=sessions,
        utterances=utterances,
        female_share=resolve_female_share(
            female_share, gender_ratio, SyntheticCorpus.female_share, balanced=balanced
        ),
        countries=parse_countries(countries),
        balanced=balanced,
        seed=seed,
    )
    manifest = make_corpus(corpus, out, workers=workers)
    count = speakers * sessions * utterances
    if as_json:
        typer.echo(json.dumps({"manifest": str(manifest), "speakers": speakers, "utterances": count}))
    else:
        typer.echo(visible(f"{count} utterances of {speakers} speakers: {manifest}"), err=True)


def parse_countries(text: str) -> dict[str, float]:
    """Read `USA=0.7,UK=0.3`; raise InputError when it is written otherwise."""
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        country = name.strip()
        if country in weights:
            raise InputError(Parameter("countries"), f": '{country}' is given twice")
        try:
            weights[country] = float(weight)
        except ValueError as error:
            raise InputError(Parameter("countries"), f": '{part}' is not written as NAME=WEIGHT") from error
    return weights


def resolve_female_share(share: float | None, ratio: str | None, default: float, *, balanced: bool) -> float:
    """Return the share of female speakers from the three options that set it.

    Raises
    ------
    InputError
        When more than one is given, or the ratio is not written as F:M.
    """
    if (share is not None) + (ratio is not None) + balanced > 1:
        raise InputError("--female-share, --gender-ratio and --balanced exclude each other: give one")
    if ratio is not None:
        female, _, male = ratio.partition(":")
        try:
            counts = float(female), float(male)
        except ValueError:
            counts = (0.0, 0.0)
        if min(counts) < 0 or sum(counts) <= 0:
            raise InputError(Parameter("gender_ratio"), f": '{ratio}' is not written as F:M, such as 1:9")
        return counts[0] / sum(counts)
    return default if share is None else share
