import pytest

from svfair.errors import InputError, Parameter, shown, visible


def test_a_message_is_one_line() -> None:
    assert str(InputError("one\ntwo\r\nthree")) == "one two three"


def test_a_parameter_has_the_name_by_which_the_caller_knows_it() -> None:
    error = InputError(Parameter("by"), ": no 'age'; give ", Parameter("same"), " or by")
    assert str(error) == "by: no 'age'; give same or by"
    assert error.parameter == "by"
    assert error.named({"by": "--by"}) == "--by: no 'age'; give same or by"
    assert str(error.within("evaluation")) == "evaluation.by: no 'age'; give evaluation.same or by"


@pytest.mark.fault("hostile names")
@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("\x1b]0;title\x07\x1b[2J", "�]0;title��[2J"),
        ("left\u202eright", "left�right"),  # right-to-left override
        ("zero\u200bwidth", "zero�width"),
        ("a\ud800b", "a�b"),  # a lone surrogate, as a file name may have
        ("a\tb\rc", "a�b�c"),
        ("two\nlines", "two\nlines"),
        ("Zoé, 語, حرف", "Zoé, 語, حرف"),
        ("no\u00a0break", "no\u00a0break"),
        ("क\u200dष", "क\u200dष"),  # a joiner belongs to the word
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_what_it_is(text: str, harmless: str) -> None:
    assert visible(text) == harmless


@pytest.mark.fault("hostile names")
def test_a_message_holds_nothing_that_a_terminal_would_obey() -> None:
    assert str(InputError("a\x1b[2J", Parameter("by"))) == "a�[2Jby"


def test_a_value_in_a_message_is_short_and_on_one_line() -> None:
    assert shown("x" * 70) == "x" * 60 + "…"
    assert shown("a\nb") == "a�b"


@pytest.mark.fault("hostile names")
def test_a_message_has_an_end() -> None:
    assert len(str(InputError("x" * 3_000_000))) == 2001
