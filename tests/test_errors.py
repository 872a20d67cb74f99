from svfair.errors import InputError, Parameter


def test_a_message_is_one_line() -> None:
    assert str(InputError("one\ntwo\r\nthree")) == "one two three"


def test_a_parameter_has_the_name_by_which_the_caller_knows_it() -> None:
    error = InputError(Parameter("by"), ": no 'age'; give ", Parameter("same"), " or by")
    assert str(error) == "by: no 'age'; give same or by"
    assert error.parameter == "by"
    assert error.named({"by": "--by"}) == "--by: no 'age'; give same or by"
    assert str(error.within("evaluation")) == "evaluation.by: no 'age'; give evaluation.same or by"
