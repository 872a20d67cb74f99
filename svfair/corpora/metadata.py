"""The tables that a publisher ships beside the audio."""

from pathlib import Path

from svfair.errors import InputError, Parameter


def find_file(source: Path, name: str, given: str | None = None, *, parameter: str | None = None) -> Path:
    """Return the path of a publisher's table: the one given, or the one of that name in `source`.

    It is also found one or two folders further down.

    Parameters
    ----------
    source
        The corpus's folder.
    name
        Of the table.
    given
        Its path, when the user named it.
    parameter
        With which a user can name it, if there is one.

    Raises
    ------
    InputError
        When it is not there, or is there more than once.
    """
    if given is not None:
        if not Path(given).is_file():
            raise InputError(Parameter(parameter or "file"), f" {given}: no such file")
        return Path(given)
    one_of_them = ("name one with ", Parameter(parameter)) if parameter else ("take one away",)
    or_name_it = (", or name it with ", Parameter(parameter)) if parameter else ()
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        found = sorted(path for path in source.glob(pattern) if path.is_file())
        if len(found) > 1:
            raise InputError(f"{source}: holds '{name}' twice ({found[0]}, {found[1]}); ", *one_of_them)
        if found:
            return found[0]
    raise InputError(f"{source}: holds no '{name}'; put it there", *or_name_it)
