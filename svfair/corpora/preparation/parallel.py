"""Many small jobs over processes, with a bar."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

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
    size_of: Callable[[Item], int] | None = None,
    console: Console | None = None,
) -> list[Result]:
    """Run a job for every item; on Ctrl-C the jobs that run are finished and no other is started.

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
        What was done before, for the bar: items, or what `size_of` counts.
    fresh_process
        Whether each job needs a process in which no other has run.
    size_of
        What an item counts for in the bar, such as its number of files; 1 by default.
    console
        Where the bar goes; standard error by default.

    Returns
    -------
    list
        In the order in which jobs ended.

    Raises
    ------
    concurrent.futures.process.BrokenProcessPool
        When a process ends in the middle of a job: a crash of a C library, or too little memory.
    """
    # A fork server starts workers from a clean process: forking one that has threads may deadlock.
    context = multiprocessing.get_context("forkserver")
    module = getattr(job, "func", job).__module__
    context.set_forkserver_preload([module])
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    )
    sizes = [1 if size_of is None else size_of(item) for item in items]
    results = []
    if len(items) <= 1 and not fresh_process:
        with bar:
            task = bar.add_task("", total=finished + sum(sizes), completed=finished)
            for item, size in zip(items, sizes, strict=True):
                results.append(job(item))
                bar.advance(task, size)
        return results
    # Of both kinds of pool, this one notices when a process dies. A lifetime above one job would make it
    # wait for ever (CPython issue 115634); a lifetime of one does not.
    lifetime = 1 if fresh_process else None
    with (
        bar,
        ProcessPoolExecutor(workers, context, _ignore_interrupts, max_tasks_per_child=lifetime) as executor,
    ):
        task = bar.add_task("", total=finished + sum(sizes), completed=finished)
        try:
            futures = {executor.submit(job, item): size for item, size in zip(items, sizes, strict=True)}
            for future in as_completed(futures):
                results.append(future.result())
                bar.advance(task, futures[future])
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    return results


class _Rate(TextColumn):
    """How many a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
