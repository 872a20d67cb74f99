"""Replicates against a loop that repeats every trial as often as its speakers were drawn."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from svfair.metrics.calibration import actual_detection_cost, cllr, hull_equal_error_rate
from svfair.metrics.detection import (
    ErrorCurve,
    detection_cost,
    equal_error,
    error_curve,
    errors_at,
    minimum_detection_cost,
)
from svfair.metrics.groups import group_trials
from svfair.metrics.resampling.bootstrap import bootstrap, draw_multiplicities, hash_of_draws
from svfair.metrics.resampling.rates import BAND, RATES, SWEEP
from svfair.metrics.settings import OperatingPoint, Resampling, Settings, ThresholdRule
from svfair.metrics.trial_set import TrialSet, make_trial_set

POINT = OperatingPoint(0.2, 2.0, 1.0)
PLAN = Resampling(replicates=25, seed=3)
#: Two thresholds, and how far to go from the first to the second.
Place = tuple[float, float, float]


def crossing_of_rates(curve: ErrorCurve) -> Place:
    for at in range(1, len(curve.thresholds)):
        before, after = (curve.fnmr[i] - curve.fmr[i] for i in (at - 1, at))
        if after >= 0:
            return curve.thresholds[at - 1], curve.thresholds[at], before / (before - after)
    raise AssertionError("the rates must cross")


def place_of_fmr(curve: ErrorCurve, rate: float) -> Place:
    for at in range(1, len(curve.thresholds)):
        if curve.fmr[at] <= rate:
            before, after = curve.fmr[at - 1], curve.fmr[at]
            return curve.thresholds[at - 1], curve.thresholds[at], (before - rate) / (before - after)
    raise AssertionError("rejecting all has FMR 0")


def naive_place(curve: ErrorCurve, rule: ThresholdRule) -> Place:
    if rule.criterion == "eer":
        return crossing_of_rates(curve)
    if rule.criterion == "fmr":
        return place_of_fmr(curve, rule.value)
    threshold = rule.value if rule.criterion == "score" else minimum_detection_cost(curve, POINT)[1]
    return threshold, threshold, 0.0


def errors_between(curve: ErrorCurve, place: Place) -> np.ndarray:
    low, high = (np.array(errors_at(curve, threshold)) for threshold in place[:2])
    return low + place[2] * (high - low)


def repeated(trials: TrialSet, drawn: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = trials.speakers.enrol, trials.speakers.test
    times = np.where(a == b, drawn[a], drawn[a] * drawn[b]).astype(int) * member
    return np.repeat(trials.scores, times), np.repeat(trials.is_target, times)


def naive_rates(scores: np.ndarray, target: np.ndarray, place: Place, on_hull: bool) -> list[float]:
    curve = error_curve(scores, target)
    fnmr, fmr = errors_between(curve, place)
    return [
        hull_equal_error_rate(curve) if on_hull else equal_error(curve)[0],
        minimum_detection_cost(curve, POINT)[0],
        fnmr,
        fmr,
        float(detection_cost(fnmr, fmr, POINT)),
        actual_detection_cost(curve, POINT),
        cllr(scores, target),
    ]


def small_set(
    make_trials: Callable[..., Any], rule: str
) -> tuple[TrialSet, dict[tuple[str, str], np.ndarray]]:
    found = make_trials(5, trials=260, speakers=9, decimals=1)
    # Labels that contradict the speakers are taken as they are.
    target = found.is_target.copy()
    target[:3] = ~target[:3]
    trials = make_trial_set(found.scores, target, found.enrol, found.test)
    names = trials.speakers.names
    values = {
        "gender": found.groups,
        "rare": {names[0]: "one", names[1]: "two", names[2]: "two"},
        "crossing": {name: f"{found.groups[name]}, {number % 3}" for number, name in enumerate(names)},
    }
    groups = {
        (attribute, group): member
        for attribute, own in values.items()
        for group, member in group_trials(trials.speakers, own, rule).members.items()  # type: ignore[arg-type]
    }
    return trials, groups


@pytest.mark.parametrize("on_hull", [False, True])
@pytest.mark.parametrize("criterion", ["eer", "dcf", "fmr", "score"])
@pytest.mark.parametrize("rule", ["both", "enrol", "any"])
def test_replicates_are_those_of_trials_repeated_one_by_one(
    make_trials: Callable[..., Any], rule: str, criterion: Any, on_hull: bool
) -> None:
    trials, groups = small_set(make_trials, rule)
    threshold = ThresholdRule(criterion, {"fmr": 0.07, "score": 0.93}.get(criterion, math.nan))
    found = bootstrap(
        trials, groups, PLAN, Settings(operating_point=POINT, threshold=threshold, on_hull=on_hull)
    )
    drawn = draw_multiplicities(trials.speakers.names, PLAN)
    vanished = 0
    for replicate in range(PLAN.replicates):
        everything = error_curve(*repeated(trials, drawn[:, replicate], np.ones(len(trials.scores), bool)))
        place = naive_place(everything, threshold)
        for column, key in enumerate(found.groups):
            member = groups.get(key, np.ones(len(trials.scores), bool))
            scores, target = repeated(trials, drawn[:, replicate], member)
            own = [found.rates[rate][replicate, column] for rate in RATES]
            expected = naive_rates(scores, target, place, on_hull)
            assert_allclose(own[:-1], expected[:-1], atol=1e-12, err_msg=str(key))
            # Cllr is added up in float32.
            assert_allclose(own[-1], expected[-1], rtol=1e-6, err_msg=str(key))
            curve = error_curve(scores, target)
            vanished += math.isnan(curve.fnmr[0])
            swept = np.array([errors_between(curve, place_of_fmr(everything, rate)) for rate in SWEEP])
            assert_allclose(found.sweep_fnmr[replicate, column], swept[:, 0], atol=1e-12)
            assert_allclose(found.sweep_fmr[replicate, column], swept[:, 1], atol=1e-12)
            if curve.targets and curve.non_targets:
                band = [errors_between(curve, place_of_fmr(curve, rate))[0] for rate in BAND]
                assert_allclose(found.bands[replicate, column], band, atol=1e-12)
            else:
                assert np.isnan(found.bands[replicate, column]).all()
    assert vanished


def test_neither_threads_nor_the_order_of_trials_matter(make_trials: Callable[..., Any]) -> None:
    found = make_trials(2, trials=3000, speakers=30)
    order = np.random.default_rng(0).permutation(3000)
    results = []
    for own, threads in ((found, 1), (found, 3), (found.taken(order), 2)):
        trials = make_trial_set(*own.columns)
        groups = {("g", n): m for n, m in group_trials(trials.speakers, own.groups, "both").members.items()}
        plan = Resampling(replicates=250, seed=1)
        results.append(bootstrap(trials, groups, plan, Settings(operating_point=POINT), threads=threads))
    for rate in RATES:
        assert_array_equal(results[0].rates[rate], results[1].rates[rate])
        # Cllr is added up in float32, in the order of the trials where scores tie.
        assert_allclose(
            results[0].rates[rate], results[2].rates[rate], rtol=1e-6 if rate == "cllr" else 1e-12
        )
    assert_array_equal(results[0].bands, results[1].bands)
    assert results[0].draws == results[2].draws


def test_progress_adds_up_to_the_replicates(make_trials: Callable[..., Any]) -> None:
    done: list[int] = []
    trials = make_trial_set(*make_trials(0).columns)
    plan = Resampling(replicates=230)
    bootstrap(trials, {}, plan, Settings(), progress=done.append)
    assert sum(done) == 230


def test_draws_depend_on_seed_and_speakers_alone() -> None:
    names = ["a", "b", "c", "d", "e"]
    first = draw_multiplicities(names, Resampling(200, seed=1))
    assert_array_equal(first, draw_multiplicities(names, Resampling(200, seed=1)))
    assert not np.array_equal(first, draw_multiplicities(names, Resampling(200, seed=2)))
    assert_array_equal(first.sum(0), 5)
    assert (first.shape, first.dtype) == ((5, 200), np.float32)
    # Each speaker is drawn once on average, with the variance of a binomial: 1 - 1/5.
    many = draw_multiplicities(names, Resampling(20_000))
    assert_allclose(many.mean(1), 1, atol=0.03)
    assert_allclose(many.var(1), 0.8, atol=0.03)


def test_strata_keep_their_sizes() -> None:
    names = [f"s{number}" for number in range(10)]
    strata = {name: "f" if number < 3 else "m" for number, name in enumerate(names) if number < 8}
    drawn = draw_multiplicities(names, Resampling(100, strata=strata))
    for members, size in ((slice(0, 3), 3), (slice(3, 8), 5), (slice(8, 10), 2)):
        assert_array_equal(drawn[members].sum(0), size)
    assert drawn[0].std() > 0


def test_hash_of_draws_tells_apart_what_pairs_cannot_share() -> None:
    def trials(enrol: str = "aab", test: str = "abb", target: tuple[int, ...] = (1, 0, 1)) -> TrialSet:
        return make_trial_set([0.1, 0.2, 0.3], target, list(enrol), list(test))

    plan = Resampling(10)
    different = [
        (trials(), plan),
        (trials(), Resampling(11, 0)),
        (trials(), Resampling(10, seed=1)),
        (trials(), Resampling(10, strata={"a": "x"})),
        (trials("aac", "acc"), plan),
        (trials("aab", "aab"), plan),
        (trials(target=(1, 1, 1)), plan),
    ]
    assert len({hash_of_draws(*one) for one in different}) == len(different)
    assert hash_of_draws(*different[0]) == hash_of_draws(trials("baa", "bba", (1, 0, 1)), plan)
