"""What pairwise adversarial reweighting adds to a training step, on the same batch.

Both systems step on the same waveforms in turn, round by round, so that a noisy machine meets both alike;
the ratio of a round is the pairwise step over the plain step, and the median over the rounds is printed. The
parts of a pairwise step that are not in a plain one are timed on their own below. Regions are refitted
every 100 steps; that cost is spread over them.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from svfair.extractors import EcapaExtractor
from svfair.losses import PairLogistic
from svfair.reweighting import AdversarialReweighting, make_objective

REFIT_EVERY = 100


class System:
    """An extractor, an objective and their optimizers, stepped as the trainer does."""

    def __init__(self, channels: int, method: str) -> None:
        torch.manual_seed(0)
        self.extractor = EcapaExtractor(channels=channels)
        # Refits are timed apart: a round that had one would not be like the others.
        self.objective = make_objective(method, PairLogistic(), 192, regions=16, refit_every=10**9)
        learned = [*self.extractor.parameters(), *self.objective.learner_parameters()]
        self.optimizer = torch.optim.Adam(learned, lr=1e-3)
        adversary = self.objective.adversary_parameters()
        self.adversary_optimizer = torch.optim.Adam(adversary, lr=1e-2) if adversary else None
        self.embeddings = torch.empty(0)

    def step(self, waveforms: Tensor, labels: Tensor) -> None:
        self.embeddings = self.extractor(waveforms)
        loss = self.objective(self.embeddings, labels)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.objective.take_turn(self.embeddings, labels, self.adversary_optimizer)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--speakers", type=int, default=40)
    options = parser.parse_args()
    labels = torch.arange(options.speakers).repeat_interleave(2)
    waveforms = 0.1 * torch.randn(len(labels), 32000)
    table = Table(title=f"Training step on {len(labels)} crops of 2 s, {torch.get_num_threads()} threads")
    for column in ("channels", "plain ms", "pairwise ms", "ratio", "ratio with refits", "lowest", "highest"):
        table.add_column(column, justify="right")
    for channels in options.channels:
        plain, pairwise = System(channels, "plain"), System(channels, "pairwise")
        for system in (plain, pairwise):
            system.step(waveforms, labels)
        times = [
            tuple(seconds(partial(system.step, waveforms, labels)) for system in (plain, pairwise))
            for _ in range(options.rounds)
        ]
        regions = pairwise.objective.regions
        assert regions is not None
        regions.add(torch.randn(4096, 192))
        refit = seconds(regions.refit) / REFIT_EVERY
        ratios = sorted(ours / base for base, ours in times)
        base, ours = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(ratios)
        table.add_row(
            str(channels),
            f"{1e3 * base:.0f}",
            f"{1e3 * ours:.0f}",
            f"{ratio:.3f}",
            f"{ratio + refit / base:.3f}",
            f"{ratios[0]:.3f}",
            f"{ratios[-1]:.3f}",
        )
    console = Console(width=100)
    console.print(table)
    console.print(parts(pairwise, labels))


def parts(system: System, labels: Tensor) -> Table:
    objective, embeddings = system.objective, system.embeddings.detach()
    assert isinstance(objective, AdversarialReweighting)
    assert objective.regions is not None
    timed: dict[str, Callable[[], object]] = {
        "plain loss, forward": lambda: objective.loss(embeddings, labels),
        "weighted loss, forward": lambda: objective(embeddings, labels),
        "adversary's turn": lambda: objective.take_turn(embeddings, labels, system.adversary_optimizer),
        "regions, refit (4096 x 192, 16 regions)": objective.regions.refit,
    }
    table = Table(title="Parts, without the extractor")
    table.add_column("part")
    table.add_column("ms", justify="right")
    for name, part in timed.items():
        part()
        table.add_row(name, f"{1e3 * statistics.median(seconds(part) for _ in range(9)):.2f}")
    return table


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
