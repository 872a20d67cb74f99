"""A planted problem: does a method find a hidden group that is harder and rarer, and help it?

    python benchmarks/planted_problem.py
    python benchmarks/planted_problem.py --kind confusable --seeds 20

Utterances are drawn, not spoken: a speaker is a point, an utterance the point with noise. One in seven
speakers is of a hidden group that no method but the oracles is told of. A small network is trained on them,
plainly and by each method from the same start on the same batches, and the equal error rates of both groups
are measured on speakers that it has not seen, with trials inside a group. Differences to plain training are
paired by seed; the interval is Student's over the seeds.

Three kinds of problem:

noisy       the hidden group's utterances scatter more, and its speakers differ in directions of their own
confusable  the hidden group's speakers lie close together; their targets are as easy as the others'
mislabelled as noisy, and 5 % of all speakers have utterances of two people under one name
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats
from torch import Tensor, nn

from svfair.losses import AamSoftmax, AngularPrototypical, EmbeddingLoss, LossSum, PairLogistic
from svfair.losses import GeneralizedEndToEnd as Ge2e
from svfair.metrics import equal_error_rate
from svfair.reweighting import METHODS, ORACLES, AdversarialReweighting, GroupDro, make_objective

HALF = 12  # dimensions in which the speakers of each group differ
SIZE = 2 * HALF + 2
EMBEDDING = 12
SPEAKERS = 280
RARE = 7  # one speaker in so many is of the hidden group
UTTERANCES = 8
STEPS = 400
WARM_UP = 100

LOSSES = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "generalized_end_to_end": Ge2e,
    "aam_softmax": lambda: AamSoftmax(EMBEDDING, SPEAKERS),
    "angular_prototypical+aam_softmax": lambda: LossSum(
        [AngularPrototypical(), AamSoftmax(EMBEDDING, SPEAKERS)]
    ),
}


@dataclass(frozen=True)
class Result:
    """One training run.

    `weight_ratio` is the hidden group's mean weight over the others', `mislabelled_ratio` that of
    mislabelled speakers over clean ones of the same group (mean of the groups), both over the second half of
    training; NaN for methods without weights of samples (and of true groups).
    """

    method: str
    seed: int
    hidden_eer: float
    other_eer: float
    weight_ratio: float
    mislabelled_ratio: float


@dataclass(frozen=True)
class Voices:
    """Utterances (speakers, utterances, size), the hidden group's mark and the mislabelled, (speakers,)."""

    utterances: Tensor
    is_hidden: Tensor
    is_mislabelled: Tensor


def draw_voices(kind: str, speakers: int, seed: int, *, mislabelled: float = 0.0, rare: int = RARE) -> Voices:
    """Draw the voices of a problem."""
    random = torch.Generator().manual_seed(seed)
    is_hidden = torch.arange(speakers) % rare == 0
    points = torch.zeros(speakers, SIZE)
    identity = torch.randn(speakers, HALF, generator=random)
    points[~is_hidden, :HALF] = identity[~is_hidden]
    points[is_hidden, HALF : 2 * HALF] = identity[is_hidden]
    points[:, -2] = 2.0 * (~is_hidden)
    points[:, -1] = 2.0 * is_hidden
    noise = torch.full((speakers, 1, 1), 0.4)
    if kind == "confusable":
        points[is_hidden, HALF : 2 * HALF] *= 0.45
        noise[is_hidden] = 0.25
    else:
        noise[is_hidden] = 0.6
    scatter = torch.randn(speakers, UTTERANCES, SIZE, generator=random)
    utterances = points[:, None] + noise * scatter
    is_mislabelled = torch.zeros(speakers, dtype=torch.bool)
    wrong = torch.randperm(speakers, generator=random)[: round(mislabelled * speakers)]
    if len(wrong) > 1:
        # Half of a mislabelled speaker's utterances are those of the next mislabelled one.
        is_mislabelled[wrong] = True
        utterances[wrong, UTTERANCES // 2 :] = utterances[wrong.roll(1), UTTERANCES // 2 :].clone()
    return Voices(utterances, is_hidden, is_mislabelled)


def train(
    method: str, kind: str, seed: int, *, loss: str = "pair_logistic", steps: int = STEPS, **settings: object
) -> Result:
    """Train on a planted problem and measure it on unseen speakers."""
    voices = draw_voices(kind, SPEAKERS, 2 * seed, mislabelled=0.05 if kind == "mislabelled" else 0.0)
    groups = voices.is_hidden.to(torch.int64)
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(SIZE, 32), nn.ReLU(), nn.Linear(32, EMBEDDING))
    base: EmbeddingLoss = LOSSES[loss]()
    counts = torch.bincount(groups) * UTTERANCES
    objective = make_objective(
        method,
        base,
        EMBEDDING,
        regions=8,
        bank_size=1024,
        warm_up_steps=WARM_UP,
        refit_every=50,
        group_counts=counts,
        seed=seed,
        **settings,
    )
    learned = [*network.parameters(), *objective.learner_parameters()]
    optimizer = torch.optim.Adam(learned, lr=5e-3 * objective.learning_rate_factor)
    adversary = objective.adversary_parameters()
    adversary_optimizer = torch.optim.Adam(adversary, lr=1e-2) if adversary else None
    random = torch.Generator().manual_seed(seed)
    seen: list[tuple[Tensor, Tensor]] = []
    for step in range(steps):
        chosen = torch.randperm(SPEAKERS, generator=random)[:40]
        which = torch.stack([torch.randperm(UTTERANCES, generator=random)[:2] for _ in chosen])
        batch = voices.utterances[chosen[:, None], which].flatten(0, 1)
        labels = chosen.repeat_interleave(2)
        optimizer.zero_grad()
        embeddings = network(batch)
        objective(embeddings, labels, groups[labels]).backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary_optimizer, groups[labels])
        if 2 * step >= steps and isinstance(objective, AdversarialReweighting):
            with torch.no_grad():
                seen.append((labels, objective.sample_weights(embeddings.detach(), labels)))
    with torch.inference_mode():
        unseen = draw_voices(kind, SPEAKERS, 2 * seed + 1, rare=2)
        hidden_eer, other_eer = (
            group_eer(network(unseen.utterances[unseen.is_hidden == side])) for side in (True, False)
        )
    ratios = float("nan"), float("nan")
    if seen:
        ratios = _weight_ratios(seen, voices)
    elif isinstance(objective, GroupDro) and objective.regions is None:
        share = objective.group_weights / counts
        ratios = float(share[1] / share[0]), float("nan")
    return Result(method, seed, hidden_eer, other_eer, *ratios)


def group_eer(embeddings: Tensor) -> float:
    """Return the equal error rate of all pairs of (speakers, utterances, size)."""
    speakers, utterances, _ = embeddings.shape
    unit = nn.functional.normalize(embeddings.flatten(0, 1), dim=-1)
    of = torch.arange(speakers).repeat_interleave(utterances)
    upper = torch.triu(torch.ones(len(of), len(of), dtype=torch.bool), diagonal=1)
    scores = (unit @ unit.T)[upper].double().numpy()
    return equal_error_rate(scores, (of[:, None] == of[None, :])[upper].numpy())


def _weight_ratios(seen: list[tuple[Tensor, Tensor]], voices: Voices) -> tuple[float, float]:
    labels = torch.cat([labels for labels, _ in seen])
    weights = torch.cat([weights for _, weights in seen])
    hidden, wrong = voices.is_hidden[labels], voices.is_mislabelled[labels]
    by_group = float(weights[hidden & ~wrong].mean() / weights[~hidden & ~wrong].mean())
    pairs = (
        [(hidden == side) & wrong for side in (True, False)],
        [(hidden == side) & ~wrong for side in (True, False)],
    )
    by_label = [float(weights[a].mean() / weights[b].mean()) for a, b in zip(*pairs, strict=True) if a.any()]
    return by_group, float(np.mean(by_label)) if by_label else float("nan")


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean and 95 % interval (Student's) of values over seeds."""
    numbers = np.asarray(values)
    if len(numbers) < 2 or np.ptp(numbers) == 0:
        return float(numbers.mean()), float("nan"), float("nan")
    low, high = stats.t.interval(0.95, len(numbers) - 1, numbers.mean(), stats.sem(numbers))
    return float(numbers.mean()), float(low), float(high)


def summarise(results: list[Result], title: str) -> Table:
    """Compare each method with plain training, seed by seed."""
    table = Table(title=title)
    columns = ["method", "hidden EER", "change against plain", "other EER", "change", "weight ratio"]
    if any(not np.isnan(result.mislabelled_ratio) for result in results):
        columns.append("of mislabelled")
    for column in columns:
        table.add_column(column, justify="left" if column == "method" else "right")
    plain = {result.seed: result for result in results if result.method == "plain"}
    for method in dict.fromkeys(result.method for result in results):
        own = [result for result in results if result.method == method]
        hidden = interval([100 * (r.hidden_eer - plain[r.seed].hidden_eer) for r in own])
        other = interval([100 * (r.other_eer - plain[r.seed].other_eer) for r in own])
        ratios = [interval([getattr(r, name) for r in own]) for name in ("weight_ratio", "mislabelled_ratio")]
        table.add_row(
            method,
            f"{100 * np.mean([r.hidden_eer for r in own]):.2f}",
            "" if method == "plain" else _cell(hidden, "+.2f"),
            f"{100 * np.mean([r.other_eer for r in own]):.2f}",
            "" if method == "plain" else _cell(other, "+.2f"),
            *("" if np.isnan(ratio[0]) else _cell(ratio, ".2f") for ratio in ratios[: len(columns) - 5]),
        )
    return table


def _cell(figures: tuple[float, float, float], form: str) -> str:
    mean, low, high = (format(figure, form) for figure in figures)
    return mean if np.isnan(figures[1]) else f"{mean} ({low} to {high})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=("noisy", "confusable", "mislabelled"), default="noisy")
    parser.add_argument("--loss", choices=sorted(LOSSES), default="pair_logistic")
    parser.add_argument("--methods", nargs="+", choices=sorted(METHODS), default=sorted(METHODS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("SETTING", "NUMBER"), help="of the methods"
    )
    parser.add_argument("--json", type=Path, help="also write every run here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    methods = ["plain", *(method for method in METHODS if method in options.methods and method != "plain")]
    if options.loss == "aam_softmax":
        methods.remove("pairwise")
    settings = {name: float(value) for name, value in options.set}
    runs = [(method, seed) for method in methods for seed in range(options.seeds)]
    results = [
        train(
            method,
            options.kind,
            seed,
            loss=options.loss,
            **({} if method.startswith("plain") else settings),
        )
        for method, seed in track(runs, console=Console(stderr=True))
    ]
    title = f"{options.kind}, {options.loss}, {options.seeds} seeds: EER in % (95 % interval)"
    Console(width=130).print(summarise(results, title))
    if ORACLES & set(methods):
        Console().print("Methods that end in _oracle are told the groups.")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1))


if __name__ == "__main__":
    main()
