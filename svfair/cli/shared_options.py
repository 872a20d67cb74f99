"""Options that several commands have, declared once."""

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Any, get_type_hints


class ManifestFormat(StrEnum):
    """What the manifest is written as."""

    PARQUET = "parquet"
    CSV = "csv"


def share_options(
    command: Callable[..., None],
    declaration: Callable[..., None],
    name: str,
    collect: Callable[[dict[str, Any]], Any],
) -> Callable[..., None]:
    """Add the options of a declaration to a command's own.

    Parameters
    ----------
    command
        Function of a command, with a parameter `name` that takes what was collected.
    declaration
        Function whose parameters are the shared options.
    name
        Of the command's parameter that is no option.
    collect
        Makes the value of that parameter out of the options' values.
    """
    own = [one for one in inspect.signature(command).parameters.values() if one.name != name]
    shared = list(inspect.signature(declaration).parameters.values())
    hints = get_type_hints(command, include_extras=True) | get_type_hints(declaration, include_extras=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        values = {parameter.name: given.pop(parameter.name) for parameter in shared}
        command(**given, **{name: collect(values)})

    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in [*own, *shared]]
    # typer reads a command's options from its signature and annotations.
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {key: hint for key, hint in hints.items() if key not in (name, "return")}
    del run.__wrapped__
    return run
