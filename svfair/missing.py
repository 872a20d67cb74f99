"""Values that nobody knows: how tables write them, and how svfair does."""

#: What stands for a value that nobody knows.
UNKNOWN = "unknown"

#: What corpora and tools write, in lower case, where they do not know.
MISSING = ("", "n/a", "na", "nan", "none", "null", "-", "?", UNKNOWN)


def is_missing(text: str) -> bool:
    """Return whether a text is one of those by which tables say that a value is not known."""
    return text.strip().lower() in MISSING
