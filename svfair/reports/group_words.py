"""What to call attributes and their groups in a sentence."""

_COUNTRIES = ("country", "country_region", "nationality")

_FROM = {"US": "the US", "USA": "the USA", "UK": "the UK", "other": "other countries"}


def attribute_words(attribute: str) -> str:
    """Return `country region` for `country_region`, and `gender and age` for `gender*age:30,50`."""
    return " and ".join(_words(part) for part in attribute.split("*"))


def speakers_of(attribute: str, group: str) -> str:
    """Return `female speakers from the US` for a group of `gender*country`."""
    names, values = attribute.split("*"), group.split(", ")
    if len(names) != len(values):
        names, values = [attribute], [group]
    before, after = "", ""
    for name, value in zip(names, values, strict=True):
        if name.strip() in ("gender", "sex") and value in ("male", "female"):
            before += f"{value} "
        elif name.strip() in _COUNTRIES:
            after += f" from {_FROM.get(value, value)}"
        else:
            after += f"{' and' if after else ''} with {attribute_words(name)} {value}"
    return f"{before}speakers{after}"


def _words(part: str) -> str:
    # Bins come after the last colon.
    return part.strip().rpartition(":")[0].replace("_", " ") or part.strip().replace("_", " ")
