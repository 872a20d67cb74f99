from svfair.errors import InputError


def test_a_message_is_one_line() -> None:
    assert str(InputError("one\ntwo\r\nthree")) == "one two three"
