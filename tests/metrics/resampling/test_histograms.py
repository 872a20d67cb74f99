from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from svfair.metrics.calibration import actual_detection_cost
from svfair.metrics.detection import equal_error, error_curve, errors_at, minimum_detection_cost
from svfair.metrics.groups import group_trials
from svfair.metrics.resampling.bootstrap import bootstrap, draw_multiplicities
from svfair.metrics.resampling.histograms import BINS, make_histograms
from svfair.metrics.settings import OperatingPoint, Resampling, Settings, ThresholdRule
from svfair.metrics.trial_set import TrialSet, make_trial_set

POINT = OperatingPoint()


def everything(trials: TrialSet) -> np.ndarray:
    return np.ones(len(trials.scores), dtype=np.bool_)


@pytest.mark.parametrize(("decimals", "bins"), [(1, 8), (1, 10_000), (3, 50), (None, 1), (None, 64)])
def test_each_trial_is_in_one_bin_and_ties_are_never_parted(
    make_trials: Callable[..., Any], decimals: int | None, bins: int
) -> None:
    trials = make_trial_set(*make_trials(0, trials=2000, decimals=decimals).columns)
    found = make_histograms(trials, [everything(trials)], np.zeros(2000), bins=bins)
    assert len(found.edges) <= bins or len(np.unique(trials.scores)) <= bins
    assert (np.diff(found.edges) > 0).all()
    assert set(found.edges) <= set(trials.scores)
    counts, _ = found.counts(np.ones((len(found.first), 1), np.float32))
    for number, side in enumerate((trials.is_target, ~trials.is_target)):
        # An edge is the lowest score of its bin, so all trials of one score are on one side of it.
        expected = np.histogram(trials.scores[side], np.r_[found.edges, np.inf])[0]
        assert_array_equal(counts[number, 0, :, 0], expected)


def test_given_thresholds_become_edges(make_trials: Callable[..., Any]) -> None:
    trials = make_trial_set(*make_trials(0, trials=5000).columns)
    wanted = [-9.0, -0.123456, 1.987654, 99.0]
    without = make_histograms(trials, [everything(trials)], np.zeros(5000), bins=8)
    beyond = make_histograms(trials, [everything(trials)], np.zeros(5000), thresholds=[99.0], bins=8)
    assert_array_equal(beyond.edges, without.edges)
    found = make_histograms(trials, [everything(trials)], np.zeros(5000), thresholds=wanted, bins=8)
    for threshold in wanted[:3]:
        assert (
            found.edges[np.searchsorted(found.edges, threshold)]
            == trials.scores[trials.scores >= threshold][0]
        )
    assert np.searchsorted(found.edges, 99.0) == len(found.edges)


def test_a_small_group_has_bins_where_its_trials_are() -> None:
    random = np.random.default_rng(0)
    # One trial in five hundred is of the small group, between 5 and 6, where hardly another lies.
    scores = np.r_[random.normal(size=20_000), 5 + random.random(40)]
    target = np.arange(len(scores)) % 2 == 0
    small = scores >= 5
    trials = make_trial_set(scores, target, ["a"] * len(scores), ["b"] * len(scores))
    order = np.argsort(scores, kind="stable")
    found = make_histograms(
        trials, [everything(trials), small[order], ~small[order]], np.zeros(len(scores)), bins=60
    )
    # Targets and others of three groups give as much mass each: two parts of six are the small group's.
    assert np.count_nonzero(found.edges >= 5) == pytest.approx(20, abs=2)


def test_as_many_scores_as_bins_have_one_each() -> None:
    # Their masses are far from equal.
    scores = np.r_[np.zeros(90), np.arange(1.0, 10)]
    trials = make_trial_set(scores, np.arange(99) % 2 == 0, ["a"] * 99, ["b"] * 99)
    found = make_histograms(trials, [everything(trials)], np.zeros(99), bins=10)
    assert_array_equal(found.edges, np.arange(10))


def test_tied_scores_share_one_bin() -> None:
    trials = make_trial_set(np.zeros(50), np.arange(50) % 2 == 0, ["a"] * 50, ["b"] * 50)
    found = make_histograms(trials, [everything(trials)], np.zeros(50))
    assert_array_equal(found.edges, [0.0])


def test_weights_of_pairs_are_products_and_of_a_speaker_with_itself_not_squares() -> None:
    trials = make_trial_set([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 0], ["a", "b", "b", "a"], ["b", "b", "a", "c"])
    drawn = np.array([[2], [3], [0]], dtype=np.float32)
    for ordered, pairs in ((False, 3), (True, 4)):
        # Orders are not told apart unless they are asked for.
        asked = {"ordered": True} if ordered else {}
        found = make_histograms(trials, [everything(trials)], np.ones(4), **asked)
        assert len(found.first) == pairs
        counts, sums = found.counts(found.pair_weights(drawn))
        # a-b twice three times, b-b three times, b-a as a-b, a-c never.
        assert_array_equal(counts[1, 0, :, 0], [6, 0, 6, 0])
        assert_array_equal(counts[0, 0, :, 0], [0, 3, 0, 0])
        assert_array_equal(sums[:, 0, 0], [3, 12])


def test_with_more_scores_than_bins_replicates_stay_within_tolerance_of_the_exact_ones(
    make_trials: Callable[..., Any],
) -> None:
    own = make_trials(1, trials=20_000, speakers=60, shift=0.5)
    trials = make_trial_set(*own.columns)
    assert len(np.unique(trials.scores)) > 4 * BINS
    members = group_trials(trials.speakers, own.groups, "both").members
    plan = Resampling(replicates=20, seed=5)
    given = Settings(threshold=ThresholdRule("score", 1.2345))
    found = bootstrap(trials, {("g", n): m for n, m in members.items()}, plan, given)
    drawn = draw_multiplicities(trials.speakers.names, plan)
    a, b = trials.speakers.enrol, trials.speakers.test
    for replicate in range(20):
        m = drawn[:, replicate].astype(int)
        times = np.where(a == b, m[a], m[a] * m[b])
        for column, member in enumerate([everything(trials), *members.values()]):
            curve = error_curve(
                np.repeat(trials.scores, times * member), np.repeat(trials.is_target, times * member)
            )
            eer, cost = equal_error(curve)[0], minimum_detection_cost(curve, POINT)[0]
            # Replicates vary by more than ten times as much as bins move them.
            assert found.rates["eer"][replicate, column] == pytest.approx(eer, abs=5e-4)
            assert cost - 1e-9 <= found.rates["min_dcf"][replicate, column] <= cost + 4e-3
            # A bin begins exactly at a threshold that is given, and at that of Bayes.
            actual = actual_detection_cost(curve, POINT)
            assert found.rates["actual_dcf"][replicate, column] == pytest.approx(actual, abs=1e-12)
            fnmr, fmr = errors_at(curve, 1.2345)
            assert found.rates["fnmr_at_pooled"][replicate, column] == pytest.approx(fnmr, abs=1e-12)
            assert found.rates["fmr_at_pooled"][replicate, column] == pytest.approx(fmr, abs=1e-12)
    assert found.rates["eer"].std(0).min() > 0.005


def test_costs_of_very_large_scores_do_not_overflow() -> None:
    trials = make_trial_set([-1e300, 1e300], [0, 1], ["a", "a"], ["b", "a"])
    costs = np.array([1e300, 2e300])
    found = make_histograms(trials, [everything(trials)], costs)
    _, sums = found.counts(np.ones((len(found.first), 1), np.float32))
    assert_array_equal(sums[:, 0, 0], [2e300, 1e300])


def test_counts_of_long_ties_do_not_stop_growing(monkeypatch: pytest.MonkeyPatch) -> None:
    # In float32 adding 1 to 2^24 changes nothing, so that a bin of 20 million single pairs would stay short.
    monkeypatch.setattr("svfair.metrics.resampling.histograms._MOST_IN_FLOAT32", 2)
    trials = make_trial_set([0.0, 0.0], [0, 0], ["a", "b"], ["c", "c"])
    found = make_histograms(trials, [everything(trials)], np.zeros(2))
    counts, _ = found.counts(np.array([[2.0**24], [1.0]], np.float32))
    assert counts[1, 0, 0, 0] == 2**24 + 1
