"""What each formulation of adversarial reweighting adds to a training step, on the same batch.

    python benchmarks/training_step.py
    python benchmarks/training_step.py --channels 512 --formulations pairwise --rounds 31

All systems of a base loss step on the same waveforms in turn, round by round, so that a noisy machine meets
them alike; the ratio of a round is the reweighted step over the plain step, and the median over the rounds is
printed. What is added is small beside the noise of a whole step, so the parts are timed on their own below
too, without the extractor. Regions are refitted every 100 steps; that cost is spread over them.
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
from svfair.losses import AngularPrototypical, EmbeddingLoss, PairLogistic
from svfair.reweighting import FORMULATIONS, AdversarialReweighting, make_objective

REFIT_EVERY = 100
LOSSES: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
}


class System:
    """An extractor, an objective and their optimizers, stepped as the trainer does."""

    def __init__(self, channels: int, method: str, loss: str) -> None:
        torch.manual_seed(0)
        self.extractor = EcapaExtractor(channels=channels)
        # Refits are timed apart: a round that had one would not be like the others.
        self.objective = make_objective(method, LOSSES[loss](), 192, regions=16, refit_every=10**9)
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
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=list(LOSSES))
    parser.add_argument("--formulations", nargs="+", choices=FORMULATIONS, default=list(FORMULATIONS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--speakers", type=int, default=40)
    options = parser.parse_args()
    labels = torch.arange(options.speakers).repeat_interleave(2)
    waveforms = 0.1 * torch.randn(len(labels), 32000)
    table = Table(title=f"Training step on {len(labels)} crops of 2 s, {torch.get_num_threads()} threads")
    for column in ("loss", "formulation"):
        table.add_column(column)
    for column in ("channels", "plain ms", "ms", "ratio", "with refits", "lowest", "highest"):
        table.add_column(column, justify="right")
    apart = Table(title="Parts of a step without the extractor, ms; refit of 16 regions on 4096 x 192")
    for column in ("loss", "formulation", "channels"):
        apart.add_column(column)
    for column in ("plain loss", "weighted loss", "turn", "refit", "added", "% of step"):
        apart.add_column(column, justify="right")
    for channels in options.channels:
        for loss in options.losses:
            systems = {method: System(channels, method, loss) for method in ("plain", *options.formulations)}
            times = measure(systems, waveforms, labels, options.rounds)
            for formulation in options.formulations:
                costs = parts(systems[formulation], labels)
                refit = costs[-1] / REFIT_EVERY
                table.add_row(loss, formulation, str(channels), *row(times, formulation, refit))
                added = costs[1] - costs[0] + costs[2] + refit
                milliseconds = (f"{1e3 * value:.2f}" for value in (*costs, added))
                share = f"{100 * added / statistics.median(times['plain']):.2f}"
                apart.add_row(loss, formulation, str(channels), *milliseconds, share)
    console = Console(width=120)
    console.print(table)
    console.print(apart)


def measure(
    systems: dict[str, System], waveforms: Tensor, labels: Tensor, rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of each round's step, by method."""
    times: dict[str, list[float]] = {method: [] for method in systems}
    for system in systems.values():
        system.step(waveforms, labels)
    for _ in range(rounds):
        for method, system in systems.items():
            times[method].append(seconds(partial(system.step, waveforms, labels)))
    return times


def row(times: dict[str, list[float]], formulation: str, refit: float) -> list[str]:
    ratios = sorted(ours / plain for plain, ours in zip(times["plain"], times[formulation], strict=True))
    plain, ours = statistics.median(times["plain"]), statistics.median(times[formulation])
    ratio = statistics.median(ratios)
    of_ratios = (ratio, ratio + refit / plain, ratios[0], ratios[-1])
    return [f"{1e3 * plain:.0f}", f"{1e3 * ours:.0f}", *(f"{value:.3f}" for value in of_ratios)]


def parts(system: System, labels: Tensor) -> list[float]:
    """Return the seconds of plain and weighted loss (forwards and backwards), adversary's turn and refit."""
    objective, embeddings = system.objective, system.embeddings.detach().requires_grad_()
    assert isinstance(objective, AdversarialReweighting)
    assert objective.regions is not None
    objective.regions.add(torch.randn(4096, 192))
    timed: list[Callable[[], object]] = [
        lambda: objective.loss(embeddings, labels).backward(),
        lambda: objective(embeddings, labels).backward(),
        lambda: objective.take_turn(embeddings, labels, system.adversary_optimizer),
        objective.regions.refit,
    ]
    found = []
    for part in timed:
        part()
        found.append(statistics.median(seconds(part) for _ in range(9)))
    return found


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
