"""The tables that a publisher ships beside the audio."""

from pathlib import Path

from svfair.errors import InputError


def find_file(source: Path, name: str, given: str | None = None, *, option: str = "--metadata") -> Path:
    """Return the path of a publisher's table: the one given, or the one of that name in `source`.

    It is also found one or two folders further down.

    Raises
    ------
    InputError
        When it is not there, or is there more than once.
    """
    if given is not None:
        if not Path(given).is_file():
            raise InputError(f"{option} {given}: no such file")
        return Path(given)
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        found = sorted(path for path in source.glob(pattern) if path.is_file())
        if len(found) > 1:
            raise InputError(
                f"{source}: holds '{name}' twice ({found[0]}, {found[1]}); name one with {option}"
            )
        if found:
            return found[0]
    raise InputError(f"{source}: holds no '{name}'; put it there, or name it with {option}")
