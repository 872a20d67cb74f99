"""The command as a process: what a terminal cannot show, a full disk behind standard output, SIGTERM."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    with _ended_by_exceptions():
        _run(app)


class _Terminated(SystemExit):
    """SIGTERM came."""


@contextmanager
def _ended_by_exceptions() -> Iterator[None]:
    """Make an exception of SIGTERM, so that unfinished files go."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = _unraisable
    try:
        yield
    finally:
        # Python has ends to meet, in which an exception would be printed.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.unraisablehook = sys.__unraisablehook__


def _terminate(*_: Any) -> None:
    raise _Terminated(exit_code_of(signal.SIGTERM))


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    """Raise once more, a little later, where the signal came amid a destructor, which no exception leaves."""
    if not isinstance(found.exc_value, _Terminated):
        sys.__unraisablehook__(found)
        return
    signal.signal(signal.SIGALRM, _terminate)
    signal.setitimer(signal.ITIMER_REAL, 0.05)


def _run(app: Callable[..., Any]) -> None:
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
