"""Started by torchrun in two processes: does each see what one process sees with the whole batch?

Each process builds everything under a seed of its own, as a host does that adds its rank to the seed: what
starts apart must become rank 0's. The one process is seeded as rank 0 is.

Writes what it found as JSON to the path that it is given, from rank 0.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from svfair.losses import AamSoftmax, AngularPrototypical, GeneralizedEndToEnd, LossSum, PairLogistic
from svfair.reweighting import AdversarialReweighting, Objective, make_objective
from svfair.reweighting.gathering import gather, gather_embeddings

SPEAKERS, HALF, WARM_UP = 8, 8, 2
LOSSES = {
    "pair_logistic": PairLogistic,
    "generalized_end_to_end": GeneralizedEndToEnd,
    "sum": lambda: LossSum([AngularPrototypical(), AamSoftmax(6, SPEAKERS)]),
}
METHODS: dict[str, dict[str, Any]] = {
    "plain": {},
    "accumulated": {},
    "pseudo_label": {},
    "pairwise": {},
    "pairwise, simultaneous": {"play": "simultaneous"},
    "random_weights": {},
    "arl": {},
    "cvar": {},
    "group_dro_oracle": {},
    "group_dro_regions": {},
    "smoothed_group_dro_regions": {},
    "v_rex_regions": {},
}


def batch(step: int) -> tuple[Tensor, Tensor]:
    """The whole batch: the two utterances of a speaker are on one rank in even steps, on two in odd ones."""
    random = torch.Generator().manual_seed(step)
    labels = torch.arange(SPEAKERS).repeat_interleave(2)
    if step % 2:
        labels = labels.reshape(SPEAKERS, 2).T.flatten()
    return torch.randn(len(labels), 4, generator=random, dtype=torch.float64), labels


class Side:
    """An extractor, an objective and their optimizers, over a batch of this process's own."""

    def __init__(self, method: str, loss: str, *, gather: bool, seed: int) -> None:
        torch.manual_seed(seed)
        extractor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6)).double()
        base = LOSSES[loss]()
        with torch.no_grad():
            for parameter in base.parameters():  # those of a score do not start at random by themselves
                parameter += 0.1 * torch.rand(parameter.shape)
        self.objective: Objective = make_objective(
            method.partition(",")[0],
            base,
            6,
            regions=3,
            hidden=5,
            warm_up_steps=WARM_UP,
            refit_every=2,
            gather=gather,
            group_counts=torch.tensor([8, 8]),
            **METHODS[method],
        ).double()
        self.extractor = DistributedDataParallel(extractor) if gather else extractor
        learned = [*extractor.parameters(), *self.objective.learner_parameters()]
        self.optimizer = torch.optim.SGD(learned, lr=0.1)
        adversary = self.objective.adversary_parameters()
        is_apart = bool(adversary) and "play" not in METHODS[method]
        self.adversary = torch.optim.SGD(adversary, lr=0.5) if is_apart else None

    def step(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        self.optimizer.zero_grad()
        embeddings = self.extractor(inputs)
        loss = self.objective(embeddings, labels, labels % 2)
        loss.backward()
        learned = [p for group in self.optimizer.param_groups for p in group["params"]]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in learned]
        self.optimizer.step()
        self.objective.take_turn(embeddings, labels, self.adversary, labels % 2)
        found = {"loss": loss.detach(), "gradients": torch.cat([g.flatten() for g in gradients])}
        state = self.objective.state_dict()
        found["state"] = torch.cat([value.double().flatten() for value in state.values()])
        found["extractor"] = torch.cat([p.detach().flatten() for p in self.extractor.parameters()])
        found["regions"] = torch.cat(
            [v.flatten() for k, v in state.items() if "centroids" in k] or [loss.detach()[None]]
        )
        if isinstance(self.objective, AdversarialReweighting):
            with torch.no_grad():
                if self.objective.gather:
                    embeddings, labels = gather_embeddings(embeddings), gather(labels)
                found["weights"] = self.objective.sample_weights(embeddings, labels)
        return found


def main() -> None:
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    differences: dict[str, float] = {}
    for method in METHODS:
        for loss in LOSSES:
            ours = Side(method, loss, gather=True, seed=rank)
            alone = Side(method, loss, gather=False, seed=0)
            for step in range(8):
                inputs, labels = batch(step)
                mine = slice(rank * HALF, (rank + 1) * HALF)
                found, expected = ours.step(inputs[mine], labels[mine]), alone.step(inputs, labels)
                for name, value in found.items():
                    difference = float((value - expected[name]).abs().max())
                    key = f"{method}/{loss}/{name}"
                    differences[key] = max(differences.get(key, 0.0), difference)
                # Gradients of the loss's parameters are not averaged by anybody: they must be equal.
                for name, value in found.items():
                    key = f"{method}/{loss}/ranks/{name}"
                    differences[key] = max(differences.get(key, 0.0), _spread(value))
    worst = torch.tensor(list(differences.values()), dtype=torch.float64)
    distributed.all_reduce(worst, op=distributed.ReduceOp.MAX)
    try:
        make_objective("pairwise", PairLogistic(), 6, gather=True)(
            torch.randn(2 + rank, 6), torch.arange(2 + rank)
        )
        refused = ""
    except ValueError as error:
        refused = str(error)
    # Embeddings that are not finite on one rank, and a gradient that overflows on one, are skipped by both.
    ours = Side("pairwise", "pair_logistic", gather=True, seed=rank)
    own = torch.full((HALF, 6), torch.nan if rank else 1.0, dtype=torch.float64)
    ours.objective.take_turn(own, batch(0)[1][:HALF], ours.adversary)
    both_skip = ours.objective.skips(torch.tensor(torch.inf if rank else 1.0))
    skipped = [int(ours.objective.steps), int(ours.objective.skipped_turns), int(both_skip)]
    on_ranks = gather(torch.tensor(skipped)).tolist()
    if rank == 0:
        result = {
            "skipped": on_ranks,
            "differences": dict(zip(differences, worst.tolist(), strict=True)),
            "refused": refused,
        }
        Path(sys.argv[1]).write_text(json.dumps(result))
    distributed.barrier()
    time.sleep(1)  # the other process may still be reading
    # gloo's threads abort an orderly exit now and then, after all work is done.
    os._exit(0)


def _spread(values: Tensor) -> float:
    other = values.clone()
    distributed.broadcast(other, src=0)
    return float((values - other).abs().max())


if __name__ == "__main__":
    main()
