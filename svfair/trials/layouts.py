"""The order of fields in lists and scores without a header, told from their first lines.

The layouts of the field's tools come first: VoxCeleb's `label enrol test`, Kaldi's `enrol test label`, the
same with a score behind (3D-Speaker copies its trials like this), WeSpeaker's `enrol test score label` (with
four more numbers after score normalisation, and `enrol test label score` with twelve more before
calibration), and `enrol test score`. Where none of them fits, score and label may stand anywhere, as in
VoxSRC's `score enrol test`; the enrolment utterance comes before the test utterance in all of them.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from svfair.errors import InputError, Parameter, shown
from svfair.trials.label_words import LABELS

Layout = tuple[str, ...]

_KNOWN: tuple[Layout, ...] = (
    ("is_target", "enrol", "test"),
    ("enrol", "test", "is_target"),
    ("is_target", "enrol", "test", "score"),
    ("enrol", "test", "is_target", "score"),
    ("enrol", "test", "score", "is_target"),
    ("enrol", "test", "score"),
    ("enrol", "test", "score", "is_target", *(f"statistic {place}" for place in range(4))),
    ("enrol", "test", "is_target", "score", *(f"factor {place}" for place in range(12))),
)

_OTHERS: tuple[Layout, ...] = tuple(
    layout
    for more in (("is_target",), ("score",), ("is_target", "score"))
    for layout in permutations(("enrol", "test", *more))
    if layout.index("enrol") < layout.index("test") and layout not in _KNOWN
)

# The layout is told from the first lines, so that one bad line, even the first, does not hide it.
_SAMPLE_LINES = 1000
_SAMPLE_BYTES = 200_000


@dataclass(frozen=True)
class Sample:
    """The first lines of a file, split into fields.

    Parameters
    ----------
    lines
        Fields of each line.
    target_label
        The word for a target trial, if the file has words of its own.
    """

    lines: Sequence[Sequence[str]]
    target_label: str | None = None

    def is_label(self, width: int, place: int) -> Collection[str]:
        """Return the words that are labels in one field of the lines that have so many fields."""
        if self.target_label is None:
            return LABELS
        words = {fields[place].lower() for fields in self.lines if len(fields) == width}
        # Others are looked at all the same: labels may come from another list than the one with such words.
        return words if len(words) <= 2 and self.target_label.strip().lower() in words else LABELS

    def decimals(self, width: int) -> set[int]:
        """Return which fields hold numbers alone, not all of them whole: hardly names of utterances."""
        rows = [fields for fields in self.lines if len(fields) == width]
        return {
            place
            for place in range(width)
            if all(is_number(fields[place]) for fields in rows)
            and not all(float(fields[place]).is_integer() for fields in rows)
        }

    def unknown_labels(self) -> list[str]:
        """Return the two words of the one field that has no others, if there is one and they are unknown."""
        width = Counter(len(fields) for fields in self.lines).most_common(1)[0][0]
        rows = [fields for fields in self.lines if len(fields) == width]
        found = [
            words
            for place in range(width if len(rows) > 3 and width in (3, 4) else 0)
            if len(words := sorted({fields[place].lower() for fields in rows})) == 2
            and not any(word in LABELS or not re.fullmatch(r"[^\W\d]+", word) for word in words)
        ]
        return found[0] if len(found) == 1 else []


def sample_lines(content: bytes, delimiter: str, target_label: str | None = None) -> Sample:
    """Split the first lines that hold something; a blank as delimiter stands for any number of them."""
    part = content[:_SAMPLE_BYTES]
    if len(part) < len(content) and b"\n" in part:
        part = part[: part.rindex(b"\n")]
    lines = part.decode("utf-8", errors="replace").split("\n")[:_SAMPLE_LINES]
    if delimiter == " ":
        split = [line.split() for line in lines]
        kept = [fields for fields in split if not any(field.endswith((",", ";", "|")) for field in fields)]
    else:
        kept = [[field.strip() for field in line.split(delimiter)] for line in lines]
    return Sample([fields for fields in kept if any(fields)], target_label)


def layout_of(path: Path, sample: Sample, wanted: Sequence[str]) -> Layout | None:
    """Return the layout of a file, or None when it has none.

    Raises
    ------
    InputError
        When several layouts fit, or the one that fits lacks a wanted field.
    """
    counts = _counts(sample)
    fitting = [
        max(
            (layout for layout in layouts if set(wanted) <= set(layout)),
            key=lambda layout: counts[layout],
        )
        for layouts in (_KNOWN, _OTHERS)
    ]
    known, other = fitting
    # A layout of the tools that fits most lines stands: then the others are bad lines, not of another layout.
    is_known = counts[known] > 0 and 2 * counts[known] >= counts[other]
    best = known if is_known else other
    if counts[best] == 0:
        _explain_missing(path, max((*_KNOWN, *_OTHERS), key=lambda layout: counts[layout]), counts, wanted)
        return None
    _explain_no_scores(path, best, counts)
    rivals = [
        layout
        for layout in (_KNOWN if is_known else _OTHERS)
        if set(wanted) <= set(layout) and len(layout) == len(best) and counts[layout] == counts[best]
    ]
    decimals = sample.decimals(len(best))
    if decimals:
        named = [layout for layout in rivals if not _names(layout) & decimals]
        if not is_known:
            rivals = named or rivals
        elif not named:
            rivals += [
                layout
                for layout in _OTHERS
                if set(wanted) <= set(layout)
                and counts[layout] == counts[best]
                and len(layout) == len(best)
                and not _names(layout) & decimals
            ]
    if len(rivals) > 1:
        ways = " or ".join(f"'{in_words(layout)}'" for layout in rivals[:2])
        raise InputError(f"{path}: its lines could be {ways}; put a header line above them")
    return rivals[0]


def refuse_unknown_layout(path: Path, sample: Sample, number: int, line: str) -> None:
    """Raise an `InputError` about a file without header whose lines have no layout."""
    words = sample.unknown_labels()
    if words:
        raise InputError(
            f"{path}: '{shown(words[0])}' and '{shown(words[1])}' are no known labels; if they are labels, "
            "name the one for the same speaker with ",
            Parameter("target_label"),
        )
    raise InputError(
        f"{path}: its lines have no known layout, such as '1 enrol test 0.5' or "
        f"'enrol test target 0.5', and no header; line {number} is '{shown(line)}'"
    )


def is_number(text: str) -> bool:
    """Whether a text is a number, finite or not."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def in_words(layout: Iterable[str]) -> str:
    """Return `label enrol test` for the fields of a layout."""
    return " ".join("label" if name == "is_target" else name for name in layout)


def _names(layout: Layout) -> set[int]:
    return {layout.index("enrol"), layout.index("test")}


def _counts(sample: Sample) -> dict[Layout, int]:
    """Return how many lines fit each layout."""
    widths = {len(layout) for layout in _KNOWN}
    labels = {width: [sample.is_label(width, place) for place in range(width)] for width in widths}
    patterns = Counter(
        tuple(
            (field.lower() in words, is_number(field))
            for field, words in zip(fields, labels[len(fields)], strict=True)
        )
        for fields in sample.lines
        if len(fields) in widths
    )
    return {
        layout: sum(count for pattern, count in patterns.items() if _fits(pattern, layout))
        for layout in (*_KNOWN, *_OTHERS)
    }


def _fits(pattern: Sequence[tuple[bool, bool]], layout: Layout) -> bool:
    return len(pattern) == len(layout) and all(
        is_label if name == "is_target" else is_numeric if name == "score" else True
        for name, (is_label, is_numeric) in zip(layout, pattern, strict=True)
    )


def _explain_missing(path: Path, layout: Layout, counts: dict[Layout, int], wanted: Sequence[str]) -> None:
    if counts[layout] == 0:
        return
    if "score" in wanted and "score" not in layout:
        raise _no_scores(path)
    found = f"{path}: its lines are '{in_words(layout)}', without labels; "
    if "score" not in wanted:
        raise InputError(f"{found}a list of trials has them")
    raise InputError(f"{found}give the list of trials with ", Parameter("trials"))


def _explain_no_scores(path: Path, layout: Layout, counts: dict[Layout, int]) -> None:
    """Refuse a list without scores whose labels could be taken for scores that stand before an utterance."""
    labelled = tuple("is_target" if name == "score" else name for name in layout)
    if len(layout) == 3 and layout in _OTHERS and "score" in layout and counts[labelled] == counts[layout]:
        raise _no_scores(path)


def _no_scores(path: Path) -> InputError:
    return InputError(f"{path}: is a list of trials without scores; each line needs a score at its end")
