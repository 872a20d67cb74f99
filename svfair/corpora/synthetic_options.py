"""Options of `svfair synth` that need reading."""

from svfair.corpora.synthetic import SyntheticCorpus
from svfair.errors import InputError


def parse_countries(text: str) -> dict[str, float]:
    """Read `USA=0.7,UK=0.3`; raise InputError when it is written otherwise."""
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        country = name.strip()
        if country in weights:
            raise InputError(f"--countries: '{country}' is given twice")
        try:
            weights[country] = float(weight)
        except ValueError as error:
            raise InputError(f"--countries: '{part}' is not written as NAME=WEIGHT") from error
    return weights


def resolve_female_share(share: float | None, ratio: str | None, *, balanced: bool) -> float:
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
            raise InputError(f"--gender-ratio: '{ratio}' is not written as F:M, such as 1:9")
        return counts[0] / sum(counts)
    return SyntheticCorpus.female_share if share is None else share
