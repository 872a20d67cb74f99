"""The one exception that a user is meant to read, and values as they can stand in it."""

import unicodedata
from collections.abc import Mapping, Sequence

#: Letters of a message: what a user gave may be of any length.
_LONGEST_MESSAGE = 2000


class Parameter(str):
    """The name of something that the caller gives: a parameter in Python, an option on the command line."""

    __slots__ = ()


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message is one line that names the file, the line or the field, and says what to do. The command
    line prints it and ends with exit code 2; no traceback is shown.

    Parameters
    ----------
    parts
        The message in pieces that are joined as they are. A `Parameter` among them is written as the caller
        knows it: its own name in Python, the option on the command line, the field in a recipe.
    hints
        Further lines, in pieces likewise, that the command line prints below the message: what a file looks
        like, or a command to copy.
    """

    def __init__(self, *parts: str, hints: Sequence[Sequence[str]] = ()) -> None:
        super().__init__(*parts)
        self.parts = parts
        self.hints = tuple(hints)

    def __str__(self) -> str:
        return self.named({})

    @property
    def parameter(self) -> str | None:
        """The first parameter that the message names."""
        return next((str.__str__(part) for part in self.parts if isinstance(part, Parameter)), None)

    def named(self, names: Mapping[str, str]) -> str:
        """Return the message with parameters under other names, such as `{"by": "--by"}`."""
        return _joined(self.parts, names)

    def hints_named(self, names: Mapping[str, str]) -> list[str]:
        """Return the further lines likewise."""
        return [_joined(hint, names) for hint in self.hints]

    def within(self, section: str) -> "InputError":
        """Return the error with its parameters as fields of a recipe's section: `by` as `evaluation.by`."""
        return InputError(
            *(f"{section}.{part}" if isinstance(part, Parameter) else part for part in self.parts),
            hints=self.hints,
        )


def _joined(parts: Sequence[str], names: Mapping[str, str]) -> str:
    words = (names.get(part, part) if isinstance(part, Parameter) else part for part in parts)
    return shown(" ".join("".join(words).splitlines()), _LONGEST_MESSAGE)


def shown(value: object, characters: int = 60) -> str:
    """Return a value as it can stand in a message: short, and without line ends or control characters."""
    text = str(value)
    if len(text) > characters:
        text = text[:characters] + "…"
    return visible(text.replace("\n", "�"))


def visible(text: str) -> str:
    """Return a text without what a terminal would obey or hide: a `�` stands for it. Line ends stay."""
    if text.isprintable():
        return text
    return "".join(letter if _is_harmless(letter) else "�" for letter in text)


def _is_harmless(letter: str) -> bool:
    # Other spaces than the common one are no printable letters to Python; joiners belong to words.
    return letter.isprintable() or letter in "\n\u200c\u200d" or unicodedata.category(letter) == "Zs"


def shown_list(values: Sequence[str]) -> str:
    """Return names as they can stand in a message: the first dozen, between commas."""
    names = ", ".join(shown(value) for value in values[:12])
    return f"{names} and {len(values) - 12:,} more" if len(values) > 12 else names
