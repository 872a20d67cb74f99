from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def embedding_bar(utterances: int) -> Iterator[Callable[[int], None]]:
    """Show how many utterances are embedded, and the remaining time."""
    columns = (TextColumn("Embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=utterances)
        yield lambda done: bar.update(task, completed=done)
