"""What each formulation adds to its base loss, what a refit of the regions costs, and the memory of both.

    python benchmarks/formulations.py
    python benchmarks/formulations.py --batches --memory-losses --regions 16    # of three tables, the last

Forward and backward on the same embeddings, in turn, round by round; the ratio of a round is the formulation
over the plain loss, and the median over the rounds is printed. A formulation is timed as a host meets it: its
loss and gradient, and its turn (the adversary's own forward, backward and step). The time inside a whole
training step is in training_step.py: there the extractor takes nearly all of it.

Memory is the rise of the process's peak while one loss is taken forwards and backwards, in a process of its
own for each batch size (Linux only).

A refit of the regions is timed from the centroids at hand and from scratch, after half of the bank was
renewed, with the share of embeddings that it leaves in their region. Ids of a fit from scratch are matched
as well as they can be: by the assignment that keeps the most embeddings.
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
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import FORMULATIONS, Objective, Regions, make_objective

SIZE = 192
CLASSES = 1211  # the training speakers of VoxCeleb1
LOSSES: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "generalized_end_to_end": GeneralizedEndToEnd,
    "aam_softmax": lambda: AamSoftmax(SIZE, CLASSES),
    "angular_prototypical+aam_softmax": lambda: LossSum([AngularPrototypical(), AamSoftmax(SIZE, CLASSES)]),
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


def methods(loss: str) -> list[str]:
    return [name for name in FORMULATIONS if (name, loss) != ("pairwise", "aam_softmax")]


def overhead(batches: list[int], rounds: int) -> Table:
    table = Table(title=f"Loss and turn over the plain loss, {torch.get_num_threads()} threads")
    for column in ("batch", "loss", "formulation", "plain ms", "ms", "ratio", "lowest", "highest"):
        table.add_column(column, justify="left" if column in ("loss", "formulation") else "right")
    for batch in batches:
        for name, loss in LOSSES.items():
            steps = {method: make_step(build(method, loss()), batch) for method in ("plain", *methods(name))}
            times: dict[str, list[float]] = {method: [] for method in steps}
            for _ in range(rounds):
                for method, step in steps.items():
                    times[method].append(seconds(step))
            for method in methods(name):
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
    """Time refits over a bank of made-up speakers, the first and those after half of it was renewed."""
    table = Table(title=f"Refit of the regions over a bank of {bank:,} x {SIZE}, one thread")
    columns = ("regions", "first s", "later s", "from scratch s", "kept", "kept from scratch")
    for column in (*columns, "later, over 1,000 steps: ms a step"):
        table.add_column(column, justify="right")
    random = torch.Generator().manual_seed(0)
    speakers = torch.randn(1000, SIZE, generator=random)
    for count in counts:
        regions, scratch = Regions(count, SIZE, bank_size=bank), Regions(count, SIZE, bank_size=bank)
        regions.add(speakers.repeat(bank // 1000, 1) + torch.randn(bank, SIZE, generator=random))
        first = seconds(regions.refit)
        regions.add(speakers.repeat(bank // 2000, 1) + torch.randn(bank // 2, SIZE, generator=random))
        before = regions(regions.bank)
        scratch.add(regions.bank)
        later, anew = seconds(regions.refit), seconds(scratch.refit)
        kept = float((regions(regions.bank) == before).float().mean())
        together = torch.zeros(count, count)
        together.index_put_((before, scratch(regions.bank)), torch.ones(bank), accumulate=True)
        best = linear_sum_assignment(-together.numpy())
        kept_anew = float(together.numpy()[best].sum()) / bank
        table.add_row(
            str(count),
            *(f"{value:.2f}" for value in (first, later, anew)),
            *(f"{share:.0%}" for share in (kept, kept_anew)),
            f"{later:.2f}",
        )
    return table


def memory(batches: list[int], loss: str) -> Table:
    table = Table(title=f"Rise of the peak memory, {loss}: MiB (and the rise over B^2, in bytes)")
    for column in ("batch", "plain", *methods(loss)):
        table.add_column(column, justify="right")
    for batch in batches:
        cells = []
        for method in ("plain", *methods(loss)):
            command = [sys.executable, __file__, "--peak-of", method, loss, str(batch)]
            # Large blocks go back to the system at once, so that the peak is what is alive.
            environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
            rise = float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
            cells.append(f"{rise / 2**20:.0f} ({rise / batch**2:.0f})")
        table.add_row(str(batch), *cells)
    return table


def peak_of(method: str, loss: str, batch: int) -> int:
    """Return by how many bytes one step raises the peak."""
    step = make_step(build(method, LOSSES[loss]()), batch)
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
    parser.add_argument("--batches", type=int, nargs="*", default=[400, 1024])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--bank", type=int, default=100_000)
    parser.add_argument("--regions", type=int, nargs="*", default=[16, 32, 64, 128, 256])
    parser.add_argument("--memory-batches", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument(
        "--memory-losses", nargs="*", choices=LOSSES, default=["pair_logistic", "angular_prototypical"]
    )
    parser.add_argument("--peak-of", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        method, loss, batch = options.peak_of
        print(peak_of(method, loss, int(batch)))
        return
    console = Console(width=120)
    if options.batches:
        console.print(overhead(options.batches, options.rounds))
    if sys.platform == "linux":
        for loss in options.memory_losses:
            console.print(memory(options.memory_batches, loss))
    if options.regions:
        console.print(refits(options.bank, options.regions))


if __name__ == "__main__":
    main()
