"""Gaps under shuffled labels against a loop that relabels speakers and groups the trials anew."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from svfair.metrics.detection import (
    detection_cost,
    equal_error,
    error_curve,
    errors_at,
    minimum_detection_cost,
)
from svfair.metrics.groups import group_trials
from svfair.metrics.resampling.permutation import PermutationNull, _summary
from svfair.metrics.settings import OperatingPoint, Resampling, Settings
from svfair.metrics.trial_set import TrialSet, make_trial_set

POINT = OperatingPoint(0.2, 2.0, 1.0)
FIGURES = ("eer", "min_dcf", "fnmr_at_pooled", "fmr_at_pooled", "dcf_at_pooled")


def null_of(trials: TrialSet, rule: Any, pooled: float, permutations: int, seed: int = 0) -> PermutationNull:
    settings = Settings(rule=rule, operating_point=POINT)
    return PermutationNull(trials, pooled, Resampling(permutations=permutations, seed=seed), settings)


def naive_gaps(
    trials: TrialSet, values: dict[str, str | None], counted: list[str], rule: Any, at: float
) -> list[float]:
    members = group_trials(trials.speakers, values, rule).members
    rows = []
    for name in counted:
        curve = error_curve(trials.scores[members[name]], trials.is_target[members[name]])
        fnmr, fmr = errors_at(curve, at)
        rows.append(
            [
                equal_error(curve)[0],
                minimum_detection_cost(curve, POINT)[0],
                *(fnmr, fmr, float(detection_cost(fnmr, fmr, POINT))),
            ]
        )
    return list(np.max(rows, 0) - np.min(rows, 0))


@pytest.mark.parametrize("rule", ["both", "enrol", "any"])
@pytest.mark.parametrize("counted", [["f", "m"], ["f", "m", "x"]])
def test_gaps_of_chance_are_those_of_relabelled_speakers(
    make_trials: Callable[..., Any], rule: Any, counted: list[str]
) -> None:
    own = make_trials(4, trials=500, speakers=14, decimals=1, group_names="fmxfmx-")
    trials = make_trial_set(*own.columns)
    permutations, pooled = 60, 0.87
    null = null_of(trials, rule, pooled, permutations, 9)
    found = null.chance(own.groups, counted)

    # Speakers of groups that do not count keep their labels.
    names = [name for name in trials.speakers.names if own.groups[name] in counted]
    labels = np.repeat([[counted.index(str(own.groups[name])) for name in names]], permutations, axis=0)
    shuffled = np.random.default_rng(9).permuted(labels, axis=1)
    gaps = []
    for row in shuffled:
        values = own.groups | {name: counted[label] for name, label in zip(names, row, strict=True)}
        gaps.append(naive_gaps(trials, values, counted, rule, pooled))
    observed = naive_gaps(trials, own.groups, counted, rule, pooled)
    for number, figure in enumerate(FIGURES):
        gap = np.array(gaps)[:, number]
        gap = gap[~np.isnan(gap)]
        assert found[figure].permutations == len(gap)
        assert found[figure].median == pytest.approx(np.median(gap))
        assert found[figure].high == pytest.approx(np.quantile(gap, 0.95))
        expected = (1 + np.count_nonzero(gap >= observed[number] - 1e-12)) / (1 + len(gap))
        assert found[figure].p_value == pytest.approx(expected)


def chance_of(own: Any, figure: str, rule: Any = "both") -> float:
    trials = make_trial_set(*own.columns)
    pooled = equal_error(error_curve(trials.scores, trials.is_target))[1]
    null = null_of(trials, rule, pooled, 99, 1)
    return null.chance(own.groups, ["f", "m"])[figure].p_value


@pytest.mark.parametrize("figure", ["eer", "fnmr_at_pooled"])
def test_p_values_are_uniform_where_labels_mean_nothing(make_trials: Callable[..., Any], figure: str) -> None:
    values = [chance_of(make_trials(seed, trials=1500, speakers=24), figure) for seed in range(60)]
    assert kstest(values, "uniform").pvalue > 0.01
    assert np.mean(np.array(values) <= 0.05) < 0.15


@pytest.mark.parametrize("rule", ["both", "enrol", "any"])
def test_a_planted_gap_has_a_small_p_value(make_trials: Callable[..., Any], rule: str) -> None:
    assert chance_of(make_trials(1, trials=4000, speakers=30, shift=1.5), "eer", rule) == 0.01


def test_groups_that_vanish_give_nan_without_a_warning() -> None:
    trials = make_trial_set([0.0, 1.0, 2.0], [0, 1, 1], ["a", "a", "b"], ["b", "a", "b"])
    null = null_of(trials, "both", math.nan, 5)
    found = null.chance({"a": "f", "b": "m"}, ["f", "m"])
    assert math.isnan(found["eer"].p_value)
    assert found["eer"].permutations == 0


def test_a_pooled_threshold_that_rejects_all_is_one(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0)
    null = null_of(make_trial_set(*own.columns), "both", math.inf, 9)
    found = null.chance(own.groups, ["f", "m"])["fnmr_at_pooled"]
    assert (found.median, found.p_value) == (0.0, 1.0)


def test_a_gap_or_a_chance_that_is_missing_leaves_nothing_to_compare() -> None:
    nothing = np.full(4, np.nan)
    for observed, shuffled in ((math.nan, np.ones(3)), (0.1, nothing), (math.nan, nothing)):
        found = _summary(observed, shuffled)
        assert all(math.isnan(figure) for figure in (found.median, found.high, found.p_value))
        assert found.permutations == np.count_nonzero(~np.isnan(shuffled))
    # Of 0.1 to 0.4 two reach 0.3; the gap itself counts as one of five.
    found = _summary(0.3, np.array([0.1, np.nan, 0.2, 0.3, 0.4]))
    assert (found.median, found.p_value, found.permutations) == (pytest.approx(0.25), 3 / 5, 4)
    assert found.high == pytest.approx(0.385)
