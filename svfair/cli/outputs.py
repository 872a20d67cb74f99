"""Files that a command writes, held against those that it reads: neither may be lost for the other."""

import errno
import inspect
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from svfair.errors import InputError, Parameter

#: What is read of a folder that a command is given.
_READ_IN_FOLDERS = (
    *("manifest.parquet", "manifest.csv", "speakers.csv"),
    *("extractor.safetensors", "held_out.parquet"),
)


def outputs_of(function: Callable[..., Any]) -> frozenset[str]:
    """Return the parameters of a command that typer is told to be `writable` files."""
    parameters = inspect.signature(function, eval_str=True).parameters
    return frozenset(
        name
        for name, parameter in parameters.items()
        if any(getattr(told, "writable", False) for told in get_args(parameter.annotation)[1:])
    )


def check_outputs(written: Collection[str], values: Mapping[str, Any]) -> None:
    """Refuse, before any work, an output that is an input too, and two outputs of one name.

    Parameters
    ----------
    written
        Parameters that name outputs.
    values
        Parameter name to what was given.

    Raises
    ------
    InputError
        Naming the output.
    """
    outputs: dict[str, Path] = {}
    inputs: list[Path] = []
    for name, value in values.items():
        if value is None or isinstance(value, bool | int | float):
            continue
        if name not in written:
            inputs += _files_read(value)
        elif not Path(value).exists() or Path(value).is_file():  # a device may be many things
            outputs[name] = Path(value)
    for name, path in outputs.items():
        _check_folder(path)
        if any(_is_same(path, other) for other in inputs):
            raise InputError(
                Parameter(name), f": {path} is an input of this command and would be lost; name another file"
            )
        for other, second in outputs.items():
            if other != name and _is_same(path, second):
                raise InputError(
                    Parameter(name), " and ", Parameter(other), f": both would write {path}; name two files"
                )


def _check_folder(path: Path) -> None:
    """Refuse a place that cannot be written to before the hours that come before the writing."""
    folder = path.parent
    if folder.is_dir() and os.access(folder, os.W_OK):
        return
    reason = errno.EACCES if folder.is_dir() else errno.ENOTDIR if folder.exists() else errno.ENOENT
    raise InputError(f"{path}: cannot be written ({os.strerror(reason)})")


def _files_read(value: Any) -> Iterator[Path]:
    """Yield the files that a value may name: a path, several between commas, or a folder of known files."""
    for one in value if isinstance(value, list | tuple) else [value]:
        for part in dict.fromkeys([str(one), *str(one).split(",")]):
            path = Path(part)
            try:
                if path.is_file():
                    yield path
                elif path.is_dir():
                    yield from filter(Path.is_file, (path / name for name in _READ_IN_FOLDERS))
            except (OSError, ValueError):  # not the name of a file
                continue


def _is_same(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.resolve() == other.resolve()
