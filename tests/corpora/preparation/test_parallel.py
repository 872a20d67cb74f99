import io
import math
import os
from concurrent.futures.process import BrokenProcessPool

import pytest
from rich.console import Console

from svfair.corpora.preparation.parallel import run_jobs

# Jobs must be importable in another process, which a test module is not: builtins are.


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [False, True])
def test_every_item_is_done_once_and_the_bar_ends(fresh: bool) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=80)
    results = run_jobs(
        abs, [-3, -2, -1], title="Counting", workers=2, finished=4, fresh_process=fresh, console=console
    )
    assert sorted(results) == [1, 2, 3]
    assert "Counting" in shown.getvalue()
    assert "7/7" in shown.getvalue()


@pytest.mark.slow
def test_a_fresh_process_has_run_nothing_else() -> None:
    ask = ["__import__('os').getpid()"] * 5
    assert len(set(run_jobs(eval, ask, title="", workers=2, fresh_process=True))) == 5
    assert len(set(run_jobs(eval, ask, title="", workers=1))) == 1
    assert os.getpid() not in run_jobs(eval, ask, title="", workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [False, True])
def test_an_error_of_a_job_is_raised_here(fresh: bool) -> None:
    with pytest.raises(ValueError, match="math domain error"):
        run_jobs(math.sqrt, [1, -1, 4], title="", workers=2, fresh_process=fresh)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_process_that_dies_is_no_endless_wait(fresh: bool) -> None:
    with pytest.raises(BrokenProcessPool):
        run_jobs(os._exit, [11] * 8, title="", workers=2, fresh_process=fresh)
