"""What each formulation adds to its base loss, what a refit of the regions costs, and the memory of both.

    python benchmarks/formulations.py

Forward and backward on the same embeddings, in turn, round by round; the ratio of a round is the formulation
over the plain loss, and the median over the rounds is printed. A formulation is timed as a host meets it: its
loss and gradient, and its turn (the adversary's own forward, backward and step). The time inside a whole
training step is in training_step.py: there the extractor takes nearly all of it.

Memory is the rise of the process's peak while one loss is taken forwards and backwards, in a process of its
own for each batch size (Linux only).
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from svfair.losses import AngularPrototypical, EmbeddingLoss, GeneralizedEndToEnd, PairLogistic
from svfair.reweighting import FORMULATIONS, Objective, Regions, make_objective

SIZE = 192
LOSSES = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "generalized_end_to_end": GeneralizedEndToEnd,
}


def draw(batch: int) -> tuple[Tensor, Tensor]:
    embeddings = torch.randn(batch, SIZE, generator=torch.Generator().manual_seed(0))
    return embeddings, torch.arange(batch // 2).repeat_interleave(2)


def make_step(objective: Objective, batch: int) -> Callable[[], None]:
    """Return a step of the loss, and of the adversary where there is one."""
    embeddings, labels = draw(batch)
    embeddings.requires_grad_()
    adversary = objective.adversary_parameters()
    optimizer = torch.optim.Adam(adversary, lr=1e-2) if adversary else None

    def step() -> None:
        embeddings.grad = None
        objective(embeddings, labels).backward()
        if optimizer is not None:
            objective.take_turn(embeddings, labels, optimizer)

    for _ in range(3):
        step()
    return step


def build(method: str, loss: EmbeddingLoss) -> Objective:
    # Regions are fitted once, before the clock starts: refits have a table of their own.
    return make_objective(method, loss, SIZE, regions=16, refit_every=10**9)


def overhead(batches: list[int], rounds: int) -> Table:
    table = Table(title=f"Loss and turn over the plain loss, {torch.get_num_threads()} threads")
    for column in ("batch", "loss", "formulation", "plain ms", "ms", "ratio", "lowest", "highest"):
        table.add_column(column, justify="left" if column in ("loss", "formulation") else "right")
    for batch in batches:
        for name, loss in LOSSES.items():
            steps = {method: make_step(build(method, loss()), batch) for method in ("plain", *FORMULATIONS)}
            times = {method: [] for method in steps}
            for _ in range(rounds):
                for method, step in steps.items():
                    times[method].append(seconds(step))
            for method in FORMULATIONS:
                ratios = sorted(a / b for a, b in zip(times[method], times["plain"], strict=True))
                middle = (statistics.median(times["plain"]), statistics.median(times[method]))
                table.add_row(
                    str(batch),
                    name,
                    method,
                    *(f"{1e3 * value:.2f}" for value in middle),
                    *(f"{r:.2f}" for r in (statistics.median(ratios), ratios[0], ratios[-1])),
                )
    return table


def refits(bank: int, counts: list[int]) -> Table:
    """Time refits over a bank of clustered embeddings, the first and one after part of it has changed."""
    table = Table(title=f"Refit of the regions over a bank of {bank:,} x {SIZE}, one thread")
    for column in ("regions", "first s", "later s", "later, spread over 1,000 steps: ms a step"):
        table.add_column(column, justify="right")
    random = torch.Generator().manual_seed(0)
    speakers = torch.randn(1000, SIZE, generator=random)
    for count in counts:
        regions = Regions(count, SIZE, bank_size=bank)
        regions.add(speakers.repeat(bank // 1000, 1) + torch.randn(bank, SIZE, generator=random))
        first = seconds(regions.refit)
        regions.add(speakers.repeat(bank // 2000, 1) + torch.randn(bank // 2, SIZE, generator=random))
        later = seconds(regions.refit)
        table.add_row(str(count), f"{first:.1f}", f"{later:.1f}", f"{later:.1f}")
    return table


def memory(batches: list[int]) -> Table:
    table = Table(title="Rise of the peak memory, pair_logistic: MiB (and MiB over B^2, in bytes)")
    for column in ("batch", "plain", *FORMULATIONS):
        table.add_column(column, justify="right")
    for batch in batches:
        cells = []
        for method in ("plain", *FORMULATIONS):
            command = [sys.executable, __file__, "--peak-of", method, str(batch)]
            # Large blocks go back to the system at once, so that the peak is what is alive.
            environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
            rise = float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
            cells.append(f"{rise / 2**20:.0f} ({rise / batch**2:.0f})")
        table.add_row(str(batch), *cells)
    return table


def peak_of(method: str, batch: int) -> int:
    """Return by how many bytes one step raises the peak."""
    step = make_step(build(method, PairLogistic()), batch)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    step()
    return _status("VmHWM") - before


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[400, 1024])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--bank", type=int, default=100_000)
    parser.add_argument("--regions", type=int, nargs="+", default=[16, 32, 64, 128, 256])
    parser.add_argument("--memory-batches", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--peak-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        print(peak_of(options.peak_of[0], int(options.peak_of[1])))
        return
    console = Console(width=110)
    console.print(overhead(options.batches, options.rounds))
    if sys.platform == "linux":
        console.print(memory(options.memory_batches))
    console.print(refits(options.bank, options.regions))


if __name__ == "__main__":
    main()
