import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from measuring import measure
from scipy.optimize import brentq
from scipy.stats import norm

from svfair.metrics.settings import Resampling, Settings

# A target scores MEAN + its speaker's effect + noise, a non-target the sum of two speakers' effects + noise.
MEANS = (3.2, 2.4)
TARGET_EFFECT, OTHER_EFFECT, NOISE = 0.8, 0.5, 1.0
SPEAKERS, TARGETS, OTHERS = 40, 8, 12


def true_eer(means: tuple[float, ...]) -> float:
    target, other = math.hypot(TARGET_EFFECT, NOISE), math.sqrt(2 * OTHER_EFFECT**2 + NOISE**2)

    def difference(threshold: float) -> float:
        return float(np.mean(norm.cdf(threshold, means, target)) - norm.sf(threshold, 0, other))

    return float(norm.sf(brentq(difference, -10, 10), 0, other))


def draw(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    group = np.arange(SPEAKERS) % 2
    effect = random.normal(scale=TARGET_EFFECT, size=SPEAKERS) + np.array(MEANS)[group]
    confusable = random.normal(scale=OTHER_EFFECT, size=SPEAKERS)
    own, enrol = np.repeat(np.arange(SPEAKERS), TARGETS), np.repeat(np.arange(SPEAKERS), OTHERS)
    # Another speaker of the same group: the numbers of a group are all even or all odd.
    test = (enrol + 2 * random.integers(1, SPEAKERS // 2, size=len(enrol))) % SPEAKERS
    scores = np.r_[effect[own], confusable[enrol] + confusable[test]]
    scores += random.normal(scale=NOISE, size=len(scores))
    return scores, np.arange(len(scores)) < len(own), np.r_[own, enrol], np.r_[own, test]


def row_interval(
    scores: np.ndarray, target: np.ndarray, random: np.random.Generator, replicates: int
) -> tuple[float, float]:
    """The usual bootstrap: trials of either kind drawn with replacement as if they were independent."""
    order = np.argsort(scores)
    rates = []
    for side in (target[order], ~target[order]):
        drawn = random.multinomial(side.sum(), side / side.sum(), size=replicates)
        rates.append(np.c_[np.zeros(replicates), np.cumsum(drawn, axis=1)] / side.sum())
    difference = rates[0] + rates[1] - 1
    after = (difference < 0).sum(1)
    rows = np.arange(replicates)
    share = difference[rows, after - 1] / (difference[rows, after - 1] - difference[rows, after])
    eers = (1 - share) * rates[0][rows, after - 1] + share * rates[0][rows, after]
    low, high = np.quantile(eers, [0.025, 0.975])
    return float(low), float(high)


@pytest.mark.slow
def test_intervals_over_speakers_hold_where_those_over_rows_do_not() -> None:
    random = np.random.default_rng(0)
    truth = {"overall": true_eer(MEANS), "g0": true_eer(MEANS[:1]), "g1": true_eer(MEANS[1:])}
    gap = abs(truth["g0"] - truth["g1"])
    names = [f"s{number:02d}" for number in range(SPEAKERS)]
    groups = {"g": {name: f"g{number % 2}" for number, name in enumerate(names)}}
    sets, held, by_rows, spread = 150, dict.fromkeys(truth, 0), 0, 0
    for seed in range(sets):
        scores, target, enrol, test = draw(random)
        found = measure(
            *(scores, target, [names[a] for a in enrol], [names[b] for b in test], groups),
            resampling=Resampling(replicates=400, permutations=0, seed=seed),
        )
        for group in (found.overall, *found.attribute("g").groups):
            own = group.intervals["eer"]
            held[group.name] += own.low <= truth[group.name] <= own.high
        own = found.attribute("g").spreads["eer"].intervals["gap"]
        spread += own.low <= gap <= own.high
        low, high = row_interval(scores, target, random, 400)
        by_rows += low <= truth["overall"] <= high
    # 150 data sets: a true coverage of 95 % shows between 90 % and 99 % nearly always.
    assert all(0.90 <= count / sets <= 0.99 for count in held.values()), held
    assert spread / sets >= 0.90, spread
    assert by_rows / sets < held["overall"] / sets - 0.1, by_rows


def test_settings_stay_with_what_was_measured(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0)
    plain = Resampling(replicates=20, permutations=10, seed=4, level=0.9, kind="basic")
    found = measure(*own.columns, {"gender": own.groups}, resampling=plain)
    assert found.settings == Settings(resampling=plain)
    assert (found.seeds, found.overall.speakers) == (1, 12)
    by_stratum = Resampling(replicates=20, permutations=0, strata=own.groups)
    found = measure(*own.columns, {"gender": own.groups}, resampling=by_stratum)
    assert found.attribute("gender").spreads["eer"].chance is None


def test_two_systems_with_the_same_speakers_have_the_same_draws(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0)
    resampling = Resampling(replicates=30, permutations=0)
    first = measure(*own.columns, {}, resampling=resampling)
    # Another system on the same trials in another order, whose scores are the same up to scale.
    order = np.random.default_rng(0).permutation(len(own.scores))
    other = own.taken(order)
    second = measure(2 * other.scores, *other.columns[1:], {}, resampling=resampling)
    assert first.replicates is not None
    assert second.replicates is not None
    assert first.replicates.draws == second.replicates.draws
    np.testing.assert_allclose(first.replicates.rates["eer"], second.replicates.rates["eer"], atol=1e-12)


def test_progress_counts_replicates_and_permutations_of_each_attribute(
    make_trials: Callable[..., Any],
) -> None:
    own, done = make_trials(0), []
    resampling = Resampling(replicates=30, permutations=10)
    measure(*own.columns, {"a": own.groups, "b": own.groups}, resampling=resampling, progress=done.append)
    assert sum(done) == 30 + 2 * 10


def test_chance_is_asked_for_counted_groups_alone(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0, trials=2000, speakers=24, shift=1.5)
    settings = {"resampling": Resampling(replicates=10, permutations=50), "minimum_targets": 50}
    found = measure(*own.columns, {"g": own.groups, "one": dict.fromkeys(own.groups, "x")}, **settings)
    chance = found.attribute("g").spreads["eer"].chance
    assert chance is not None
    assert chance.permutations == 50
    assert chance.p_value == pytest.approx(1 / 51)
    assert chance.median < chance.high < found.attribute("g").spreads["eer"].gap
    assert all(spread.chance is None for spread in found.attribute("one").spreads.values())
