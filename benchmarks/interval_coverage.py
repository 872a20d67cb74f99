"""Do the intervals hold? Coverage of nominal 95 % intervals where the true error rates are known.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --speakers 40 --simulations 1000

Scores are drawn with an effect of every speaker: a target trial of speaker s scores mu + a_s + noise, a
non-target trial of s and t b_s + b_t + noise. All are normal, so that EERs are known: in a group it is
Phi(-mu / (sd of targets + sd of non-targets)), over both it is found by bisection. Two groups of equal size;
non-target trials are within a group. A second system shares most of its effects and noise with the first, as
two extractors on the same recordings do; its groups are nearer to each other.

Beside the bootstrap over speakers stands the usual one over rows, as if trials were independent: whole trials
are drawn anew, within targets and within non-targets.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import optimize, stats

from svfair.metrics import (
    Evaluation,
    Interval,
    Resampling,
    Settings,
    compare,
    evaluate,
    make_trial_set,
)

SPEAKER_TARGET, SPEAKER_NON_TARGET, NOISE = 0.8, 0.5, 1.0
#: Correlation of the second system's effects and noise with the first's.
SHARED = 0.8
DESIGNS = {
    "gap": ((3.6, 3.0), (3.6, 3.3)),
    "no gap": ((3.6, 3.6), (3.7, 3.7)),
}
TARGETS_EACH, NON_TARGETS_EACH = 20, 40


def true_eer(means: Sequence[float]) -> float:
    target = np.hypot(SPEAKER_TARGET, NOISE)
    other = np.sqrt(2 * SPEAKER_NON_TARGET**2 + NOISE**2)

    def difference(threshold: float) -> float:
        fnmr = np.mean([stats.norm.cdf((threshold - mean) / target) for mean in means])
        return float(fnmr - stats.norm.sf(threshold / other))

    return float(stats.norm.sf(optimize.brentq(difference, -20, 20) / other))


def truth(systems: Sequence[Sequence[float]]) -> dict[str, float]:
    first, second = ([true_eer(means[:1]), true_eer(means[1:])] for means in systems)
    gaps = abs(first[0] - first[1]), abs(second[0] - second[1])
    both = true_eer(systems[0]), true_eer(systems[1])
    found = {
        "EER, all speakers": both[0],
        "EER, one group": first[0],
        "gap": gaps[0],
        "difference of EERs": both[1] - both[0],
        "difference of gaps": gaps[1] - gaps[0],
    }
    if gaps[0] > 0:
        found["relative change of gap"] = gaps[1] / gaps[0] - 1
    return found


def draw(speakers: int, systems: Sequence[Sequence[float]], seed: int) -> tuple[list[np.ndarray], ...]:
    """Return the scores of each system, and labels, enrolment and test speakers, groups of speakers."""
    random = np.random.default_rng(seed)
    group = np.arange(speakers) % 2
    target = np.repeat(np.arange(speakers), TARGETS_EACH)
    first = np.repeat(np.arange(speakers), NON_TARGETS_EACH)
    half = speakers // 2
    # Another speaker of the same group: even numbers are one group, odd ones the other.
    second = (first // 2 + random.integers(1, half, size=len(first))) % half * 2 + first % 2
    common = [random.normal(size=size) for size in (speakers, speakers, len(target), len(first))]
    scores = []
    for means in systems:
        own = [
            np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * random.normal(size=len(shared))
            for shared in common
        ]
        of_target = np.array(means)[group][target] + SPEAKER_TARGET * own[0][target] + NOISE * own[2]
        of_other = SPEAKER_NON_TARGET * (own[1][first] + own[1][second]) + NOISE * own[3]
        scores.append(np.r_[of_target, of_other])
    is_target = np.r_[np.ones(len(target), bool), np.zeros(len(first), bool)]
    return scores, is_target, np.r_[target, first], np.r_[target, second], group


def row_bootstrap(scores: np.ndarray, is_target: np.ndarray, replicates: int, seed: int) -> Interval:
    """Return the percentile interval of the EER when trials are taken for independent."""
    random = np.random.default_rng(seed)
    order = np.argsort(scores)
    labels = is_target[order]
    targets, others = int(labels.sum()), int((~labels).sum())
    found = []
    for _ in range(replicates):
        weight = np.empty(len(labels))
        weight[labels] = random.multinomial(targets, np.full(targets, 1 / targets))
        weight[~labels] = random.multinomial(others, np.full(others, 1 / others))
        fnmr = np.cumsum(weight * labels) / targets
        fmr = 1 - np.cumsum(weight * ~labels) / others
        found.append(fnmr[np.argmax(fnmr >= fmr)])
    return Interval(*(float(end) for end in np.quantile(found, [0.025, 0.975])))


def simulate(seed: int, speakers: int, design: str, replicates: int) -> dict[str, bool]:
    """Return which intervals of one simulation cover the truth."""
    systems = DESIGNS[design]
    scores, is_target, enrol, test, group = draw(speakers, systems, seed)
    names = np.array([f"s{number:05d}" for number in range(speakers)])
    groups = {"group": {name: f"g{group[number]}" for number, name in enumerate(names)}}
    resampling = Resampling(replicates=replicates, permutations=0, seed=seed)
    settings = Settings(minimum_speakers=2, resampling=resampling)
    sides = names[enrol].tolist(), names[test].tolist()
    found: list[Evaluation] = [
        evaluate(make_trial_set(own, is_target, *sides), groups, settings) for own in scores
    ]
    change = compare(*found)
    attribute = found[0].attribute("group")
    spread = change.spreads["group", "eer"]["gap"]
    intervals = {
        "EER, all speakers": found[0].overall.intervals["eer"],
        "EER, one group": attribute.group("g0").intervals["eer"],
        "gap": attribute.spreads["eer"].intervals["gap"],
        "difference of EERs": change.groups["", "overall"]["eer"].difference_interval,
        "difference of gaps": spread.difference_interval,
        "relative change of gap": spread.relative_interval,
    }
    true = truth(systems)
    covered = {
        name: bool(intervals[name].low <= value <= intervals[name].high) for name, value in true.items()
    }
    rows = row_bootstrap(scores[0], is_target, min(replicates, 200), seed)
    covered["EER, all speakers: rows resampled"] = rows.low <= true["EER, all speakers"] <= rows.high
    return covered


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--speakers", type=int, nargs="+", default=[40, 200, 1000])
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--designs", nargs="+", choices=sorted(DESIGNS), default=sorted(DESIGNS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every coverage here")
    options = parser.parse_args()
    coverage: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for design in options.designs:
        for speakers in options.speakers:
            work = partial(simulate, speakers=speakers, design=design, replicates=options.replicates)
            hits = defaultdict(list)
            with ProcessPoolExecutor(options.processes) as pool:
                seeds = range(options.simulations)
                runs = pool.map(work, seeds, chunksize=4)
                bar = f"{design}, {speakers} speakers"
                for one in track(runs, bar, total=len(seeds), console=Console(stderr=True)):
                    for name, covered in one.items():
                        hits[name].append(covered)
            for name, values in hits.items():
                coverage[design, name][speakers] = float(np.mean(values))
    error = 1.96 * np.sqrt(0.95 * 0.05 / options.simulations)
    table = Table(
        title=f"Coverage of 95 % intervals in %, {options.simulations} simulations: ±{100 * error:.1f}"
    )
    for column in ("design", "figure", *(f"{speakers} speakers" for speakers in options.speakers)):
        table.add_column(column, justify="left" if column in ("design", "figure") else "right")
    for (design, name), by_size in coverage.items():
        table.add_row(design, name, *(f"{100 * by_size[speakers]:.1f}" for speakers in options.speakers))
    Console(width=110).print(table)
    if options.json:
        rows = [{"design": d, "figure": n, "coverage": by_size} for (d, n), by_size in coverage.items()]
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
