"""Words for target and non-target trials."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from svfair.errors import InputError, Parameter, shown, shown_list

#: What publishers write for a target trial, in lower case, and for a non-target trial in the same vocabulary.
_PAIRS = (
    *(("1", "0"), ("1.0", "0.0"), ("1", "-1"), ("1.0", "-1.0"), ("+1", "-1")),
    *(("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n")),
    *(("target", "nontarget"), ("target", "non-target"), ("target", "non_target"), ("tgt", "imp")),
    *(("same", "different"), ("same", "diff"), ("positive", "negative"), ("pos", "neg")),
    *(("genuine", "impostor"), ("genuine", "imposter"), ("mated", "non-mated"), ("match", "non-match")),
    *(("client", "impostor"), ("mated", "nonmated"), ("match", "nonmatch"), ("match", "mismatch")),
)

#: Label in lower case to whether it says that both sides are one speaker.
LABELS: Mapping[str, bool] = {word: True for word, _ in _PAIRS} | {word: False for _, word in _PAIRS}

_ZERO, _MINUS = {"0", "0.0"}, {"-1", "-1.0"}


def read_labels(column: pl.Series, target_label: str | None = None) -> pl.Series:
    """Return whether each label says target; null where it says nothing.

    Parameters
    ----------
    column
        Labels as text, numbers or booleans.
    target_label
        The word for a target trial, if the file has words of its own: any other is for non-target trials.
    """
    if column.dtype == pl.Boolean:
        return column
    words = label_words(column)
    if target_label is None:
        return words.replace_strict(LABELS, default=None, return_dtype=pl.Boolean)
    return (words == target_label.strip().lower()).set(words == "", None)


def label_words(column: pl.Series) -> pl.Series:
    """Return labels as they are compared: text in lower case, without blanks around it."""
    return column.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()


def check_label_words(column: pl.Series, path: Path, target_label: str | None = None) -> None:
    """Check that labels can be told apart.

    Raises
    ------
    InputError
        When there are two words that are not known, both 0 and -1 (of which one could mean that a trial has
        no label), or not two words of which one is `target_label`.
    """
    if column.dtype == pl.Boolean:
        return
    words = sorted(label_words(column).drop_nulls().unique().to_list())
    named = f"'{shown(words[0])}' and '{shown(words[-1])}'" if words else ""
    if target_label is not None:
        if target_label.strip().lower() not in words or len(words) > 2:
            found = shown_list([f"'{word}'" for word in words])
            raise InputError(
                Parameter("target_label"),
                f": the labels have to be '{shown(target_label)}' and one other word; {path} has {found}",
            )
    elif len(words) == 2 and not any(word in LABELS or not word for word in words):
        raise InputError(
            f"{path}: the labels {named} are none of 0, 1, target, nontarget; name the one for the same "
            "speaker with ",
            Parameter("target_label"),
        )
    elif not _ZERO.isdisjoint(words) and not _MINUS.isdisjoint(words):
        raise InputError(
            f"{path}: both 0 and -1 are labels, so one may mean that there is none; keep 0 or -1 for "
            "non-target trials, and take out those without a label"
        )
