"""The one exception that a user is meant to read."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message is one line that names the file, the line or the field, and says what to do. The command
    line prints it and ends with exit code 2; no traceback is shown.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))
