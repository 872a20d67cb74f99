"""What callers give, as numpy, torch, pandas, polars or Python has it: as plain numbers and texts."""

from collections.abc import Iterator, Mapping, Set
from typing import Any
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from svfair.errors import InputError, Parameter, shown
from svfair.metrics.results import BoolArray, FloatArray


def speaker_name(value: Any) -> str:
    """Return the id of a speaker as text: 100, 100.0 (pandas beside missing values) and tensor(100) are one.

    Raises
    ------
    ValueError
        When it is no id.
    """
    value = plain(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    is_text = isinstance(value, str)
    if (hasattr(value, "__len__") and not is_text) or is_unknown(value):
        raise ValueError(f"'{shown(value)}' is no id of a speaker")
    # An accent may be a letter's own or follow it: the same name on the screen.
    return normalize("NFC", value) if is_text else str(value)


def speaker_names(values: Any, name: str) -> list[str]:
    """Return the speaker of each trial as text.

    Parameters
    ----------
    values
        Text or numbers, one a trial: a list, array, tensor, column or iterator.
    name
        What they are called, for messages.

    Raises
    ------
    InputError
        When they are something else, or one is missing; it names the trial.
    """
    given = as_list(values, name)
    if all(type(value) is str and value.isascii() for value in given) and "" not in given:
        return given
    names = []
    for place, value in enumerate(given, 1):
        try:
            names.append(speaker_name(value))
        except ValueError as error:
            raise InputError(Parameter(name), f": trial {place}: {error}") from error
    return names


def value_text(value: Any) -> str | None:
    """Return the value of an attribute as text, None where it is unknown.

    Raises
    ------
    ValueError
        When it is several values.
    """
    value = plain(value)
    if isinstance(value, bytes):
        value = value.decode()
    if hasattr(value, "__len__") and not isinstance(value, str):
        raise ValueError(f"'{shown(value)}' is not one value")
    return None if is_unknown(value) else normalize("NFC", str(value))


def named_attributes(attributes: Any) -> dict[str, dict[str, str | None]]:
    """Return for each attribute speaker to value, both as text, and None for a value that is unknown.

    Raises
    ------
    InputError
        When they are no mappings, or one speaker is there in two spellings, such as 1 and "1".
    """
    found = {}
    for name, values in _mapping(attributes, "attributes").items():
        texts: dict[str, str | None] = {}
        for speaker, value in _mapping(values, f"attributes '{name}'").items():
            try:
                key, text = speaker_name(speaker), value_text(value)
            except ValueError as error:
                raise InputError(Parameter("attributes"), f": '{name}': {error}") from error
            if key in texts:
                raise InputError(Parameter("attributes"), f": '{name}' has speaker '{shown(key)}' twice")
            texts[key] = text
        found[str(name)] = texts
    return found


def _mapping(given: Any, name: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"{name}: must be a mapping, not {type(given).__name__}")
    return given


def plain(value: Any) -> Any:
    """Return a number of numpy or torch as Python's own, and anything else as it is."""
    return value.item() if hasattr(value, "item") and tuple(getattr(value, "shape", (1,))) == () else value


def is_unknown(value: Any) -> bool:
    """Return whether a value stands for none: None, empty text, NaN, or pandas' NA or NaT."""
    # NaN differs from itself; NA cannot be compared.
    return value is None or str(value) in ("", "<NA>", "NaT") or bool(value != value)


def as_list(values: Any, name: str) -> list[Any]:
    """Return values in order as a list.

    Raises
    ------
    InputError
        When they are no sequence of values, such as a text, a table or a set.
    """
    is_table = hasattr(values, "columns") or len(getattr(values, "shape", (1,))) != 1
    if isinstance(values, str | bytes | Mapping | Set) or is_table or not hasattr(values, "__iter__"):
        raise InputError(Parameter(name), f": must be a list with one value a trial, not {_kind(values)}")
    return list(values.tolist() if hasattr(values, "tolist") else values)


def as_floats(values: Any, name: str) -> FloatArray:
    """Return an array of numbers as float64.

    Raises
    ------
    InputError
        When it is something else, or has missing values.
    """
    array = _as_array(values, name)
    try:
        if array.dtype.kind not in "cmM":
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputError(Parameter(name), f": must be numbers, not {_kind(values)}")


def as_booleans(values: Any, name: str) -> BoolArray:
    """Return an array of truths as booleans.

    Raises
    ------
    InputError
        When one is neither true (1) nor false (0).
    """
    array = _as_array(values, name)
    try:
        found = array.astype(np.bool_)
        # Labels of -1 and 1, or text, would all be true.
        if np.array_equal(found, array):
            return found
    except (TypeError, ValueError):
        pass
    raise InputError(Parameter(name), ": must be true or false, or 1 or 0")


def _as_array(values: Any, name: str) -> npt.NDArray[Any]:
    if isinstance(values, Iterator):
        values = list(values)
    if hasattr(values, "detach"):  # a tensor may be on a GPU, have a gradient, or a type that numpy has not
        values = values.detach().cpu().tolist()
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(Parameter(name), ": has masked values; fill them or leave them out")
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(
            Parameter(name), ": cannot be read as an array; its rows differ in length"
        ) from error


def _kind(values: Any) -> str:
    shape = getattr(values, "shape", None)
    kind = f"{type(values).__name__}"
    return (
        kind
        if shape is None
        else f"{kind} of shape {tuple(shape)} with {getattr(values, 'dtype', 'columns')}"
    )
