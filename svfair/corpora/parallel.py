"""Many small jobs over processes, with a bar."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_jobs(
    job: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    title: str,
    workers: int,
    finished: int = 0,
    fresh_process: bool = False,
    console: Console | None = None,
) -> list[Result]:
    """Run a job for every item; Ctrl-C ends the workers and is raised here.

    Parameters
    ----------
    job
        A function of a module, so that another process can import it.
    items
        One a job.
    title
        Shown before the bar.
    workers
        Processes.
    finished
        Items that were done before, for the bar.
    fresh_process
        Whether each job needs a process in which no other has run.
    console
        Where the bar goes; standard error by default.

    Returns
    -------
    list
        In the order in which jobs ended.
    """
    # A fork server starts workers from a clean process: forking one that has threads may deadlock.
    context = multiprocessing.get_context("forkserver")
    module = getattr(job, "func", job).__module__
    context.set_forkserver_preload([module])
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    )
    results = []
    lifetime = 1 if fresh_process else None
    with bar, context.Pool(workers, _ignore_interrupts, maxtasksperchild=lifetime) as pool:
        task = bar.add_task("", total=finished + len(items), completed=finished)
        for result in pool.imap_unordered(job, items, chunksize=1):
            results.append(result)
            bar.advance(task)
    return results


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
