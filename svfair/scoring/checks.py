"""Embeddings that scores can be made of: one vector an utterance, of finite numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from svfair.errors import InputError, shown
from svfair.tables.bad_lines import others_like_it
from svfair.tables.frames import check_columns, check_once, with_texts


def check_embeddings(table: Any, where: Path | str = "embeddings") -> pl.DataFrame:
    """Return embeddings with `utterance_id` as text and `embedding` as an array of fixed size.

    Parameters
    ----------
    table
        Columns `utterance_id` and `embedding`, an array or a list of numbers.
    where
        The file that they were read from, or the parameter that they are, for messages.

    Raises
    ------
    InputError
        When a column is missing or of another kind, nothing is in it, an utterance has two embeddings,
        sizes differ, or an embedding holds a number that is missing or not finite, or zeros alone; it names
        the utterance.
    """
    frame = with_texts(check_columns(table, ("utterance_id", "embedding"), where), ["utterance_id"], where)
    if frame.height == 0:
        raise InputError(f"{where}: holds no embeddings")
    check_once(frame, "utterance_id", where, "keep one embedding of each")
    frame = frame.with_columns(embedding=_arrays(frame, where))
    vectors = frame["embedding"].to_numpy()
    _refuse(
        frame,
        np.asarray(~np.isfinite(vectors).all(1)),
        where,
        "holds values that are missing, NaN or infinite",
    )
    _refuse(frame, np.asarray(~vectors.any(1)), where, "is all zeros, and has no direction to compare")
    return frame


def unit_vectors(table: pl.DataFrame) -> npt.NDArray[np.float32]:
    """Return the embeddings of a checked table with norm one, shape (utterances, size)."""
    given = table["embedding"].to_numpy()
    with np.errstate(over="ignore"):
        vectors = given.astype(np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # The square of a very large or small number is none in float32.
    extreme = ~((norms > 1e-15) & (norms < 1e15))[:, 0]
    if extreme.any():
        scaled = given[extreme].astype(np.float64)
        vectors[extreme] = scaled / np.abs(scaled).max(1, keepdims=True)
        norms[extreme] = np.linalg.norm(vectors[extreme], axis=1, keepdims=True)
    vectors /= norms
    return vectors


def _arrays(table: pl.DataFrame, where: Path | str) -> pl.Series:
    """Return the embeddings as an array of floats."""
    column = table["embedding"]
    kind = column.dtype
    inner: Any = kind.inner if isinstance(kind, pl.List | pl.Array) else None
    if inner is None or not inner.is_numeric():
        raise InputError(f"{where}: column 'embedding' holds {kind}; it must be arrays of numbers, one a row")
    _refuse(table, column.is_null().to_numpy(), where, "is missing")
    if isinstance(kind, pl.List):
        sizes = column.list.len()
        if sizes.n_unique() > 1:
            other = _named(table, (sizes != sizes[0]).to_numpy())
            raise InputError(
                f"{where}: embeddings differ in size (there are {sizes.unique().sort().to_list()[:5]}), "
                f"the first other one is of '{other}'"
            )
        column = column.list.to_array(int(sizes[0]))
    size = len(column[0])
    if size == 0:
        raise InputError(f"{where}: embeddings have size 0")
    return column if inner.is_float() else column.cast(pl.Array(pl.Float64, size))


def _refuse(table: pl.DataFrame, bad: npt.NDArray[np.bool_], where: Path | str, what: str) -> None:
    if bad.any():
        raise InputError(
            f"{where}: the embedding of '{_named(table, bad)}' {what}"
            f"{others_like_it(int(np.count_nonzero(bad)))}; mend it, or take the utterance and its trials out"
        )


def _named(table: pl.DataFrame, bad: npt.NDArray[np.bool_]) -> str:
    return shown(table["utterance_id"][int(bad.argmax())])
