"""The command as a process: what a terminal cannot show, a full disk behind standard output, SIGTERM."""

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from svfair.cli.commands import USAGE_ERROR, exit_code_of


class _StandardOutput(io.TextIOWrapper):
    """Standard output that remembers why it could not be written, and writes any letter in some way."""

    failure: OSError | None = None

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            # A name in a script that the terminal does not know is no reason to lose a result.
            errors="backslashreplace",
            line_buffering=stream.line_buffering,
        )

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.failure = error
            raise


def run_as_process(app: Callable[..., Any]) -> None:
    """Run the command line to the end of the process.

    Raises
    ------
    SystemExit
        With the command's exit code; 2 when standard output could not be written; 143 after SIGTERM.
    """
    # As an exception, so that unfinished files go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(exit_code_of(signal.SIGTERM)))
    if not isinstance(sys.stdout, io.TextIOWrapper):
        app(prog_name="svfair")
        return
    output = sys.stdout = _StandardOutput(sys.stdout)
    try:
        try:
            app(prog_name="svfair")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if output.failure is None:
            raise
        # What is left in the buffer goes nowhere, or Python complains of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
        print(f"svfair: standard output cannot be written ({error.strerror})", file=sys.stderr)
        sys.exit(USAGE_ERROR)
