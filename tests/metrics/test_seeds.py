import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from measuring import measure
from scipy import stats

from svfair.metrics import fairness
from svfair.metrics.results import Evaluation, Replicates
from svfair.metrics.seeds import _replicates, pool_seeds
from svfair.metrics.settings import OperatingPoint, Resampling, ThresholdRule


def run(make_trials: Callable[..., Any], noise: int, **settings: Any) -> Evaluation:
    """Score the same trials with other noise."""
    own = make_trials(0, trials=1500, speakers=20)
    scores = own.scores + np.random.default_rng(noise).normal(scale=0.5, size=1500)
    settings = {"resampling": Resampling(replicates=100, permutations=5), "minimum_speakers": 2} | settings
    return measure(
        scores, own.is_target, own.enrol, own.test, {"gender": own.groups}, system=f"s{noise}", **settings
    )


def test_one_seed_is_itself_under_the_name_of_the_whole(make_trials: Callable[..., Any]) -> None:
    one = run(make_trials, 1)
    assert pool_seeds([one], "system") == replace(one, system="system")


@pytest.mark.parametrize("count", [2, 3])
def test_equal_seeds_have_the_intervals_of_one(make_trials: Callable[..., Any], count: int) -> None:
    one = run(make_trials, 1)
    pooled = pool_seeds([one] * count, "system")
    assert pooled.seeds == count
    for mine, its in (
        (pooled.overall, one.overall),
        *zip(pooled.attributes[0].groups, one.attributes[0].groups, strict=True),
    ):
        for rate, own in its.intervals.items():
            assert getattr(mine.errors, rate) == pytest.approx(getattr(its.errors, rate))
            assert mine.intervals[rate].low == pytest.approx(own.low)
            assert mine.intervals[rate].high == pytest.approx(own.high)
        assert mine.band is not None
        assert its.band is not None
        np.testing.assert_allclose(mine.band.low, its.band.low)
    for rate, spread in one.attributes[0].spreads.items():
        its = pooled.attributes[0].spreads[rate]
        assert its.gap == pytest.approx(spread.gap)
        assert its.intervals["gap"].high == pytest.approx(spread.intervals["gap"].high)
        assert its.chance is None
    mine, merits = pooled.attributes[0].fairness, one.attributes[0].fairness
    for name in ("fdr", "inequity_rate", "garbe", "area_under_fdr"):
        assert getattr(mine, name) == pytest.approx(getattr(merits, name))
        assert mine.intervals[name].low == pytest.approx(merits.intervals[name].low)


def test_rates_are_means_and_distances_those_of_the_mean_rates(make_trials: Callable[..., Any]) -> None:
    seeds = [run(make_trials, noise, resampling=None) for noise in range(3)]
    pooled = pool_seeds(seeds, "system")
    assert pooled.overall.errors.eer == pytest.approx(np.mean([one.overall.errors.eer for one in seeds]))
    gender = pooled.attribute("gender")
    means = {
        rate: np.array(
            [np.mean([getattr(one.attribute("gender").group(n).errors, rate) for one in seeds]) for n in "fm"]
        )
        for rate in ("eer", "fmr_at_pooled", "fnmr_at_pooled")
    }
    assert gender.spreads["eer"].gap == pytest.approx(np.ptp(means["eer"]))
    rates = means["fmr_at_pooled"], means["fnmr_at_pooled"]
    assert gender.fairness.fdr == pytest.approx(fairness.fairness_discrepancy_rate(*rates))
    assert gender.fairness.garbe == pytest.approx(fairness.garbe(*rates))
    assert gender.fairness.inequity_rate == pytest.approx(fairness.inequity_rate(*rates))
    assert pooled.pooled_threshold == pytest.approx(np.mean([one.pooled_threshold for one in seeds]))
    assert pooled.overall.band is None


def test_curves_are_averaged_at_equal_fmr(make_trials: Callable[..., Any]) -> None:
    seeds = [run(make_trials, noise, resampling=None) for noise in range(3)]
    curve = pool_seeds(seeds, "system").overall.curve
    assert (np.diff(curve.fmr) < 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1]) == (1, 0, 0)
    for fmr, fnmr in zip(curve.fmr[::20], curve.fnmr[::20], strict=True):
        # Each curve falls along FMR, straight between its points.
        own = [np.interp(fmr, one.overall.curve.fmr[::-1], one.overall.curve.fnmr[::-1]) for one in seeds]
        assert fnmr == pytest.approx(np.mean(own))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_seeds_alone_move_the_mean_as_student_s_t(count: int) -> None:
    # Replicates of speakers that do not vary at all leave the interval of a mean of k numbers.
    random = np.random.default_rng(0)
    levels = 10 + 0.1 * random.normal(size=count)
    shape = (20_000, 1)
    nothing = (np.zeros((20_000, 1, 1)),) * 3
    seeds = [
        Replicates((("", "overall"),), {"eer": np.full(shape, level)}, *nothing, draws="") for level in levels
    ]
    pooled = (_replicates(seeds, 0).rates["eer"] - levels.mean()) / stats.sem(levels)
    for share in (0.1, 0.25, 0.75, 0.9):
        assert np.quantile(pooled, share) == pytest.approx(stats.t.ppf(share, count - 1), rel=0.06)


def test_a_missing_replicate_stays_missing_and_rates_never_fall_below_0() -> None:
    low, high = (
        Replicates(
            (("", "overall"),), {"eer": np.full((200, 1), value)}, *(np.zeros((200, 1, 1)),) * 3, draws=""
        )
        for value in (0.0, 1.0)
    )
    high.rates["eer"][7] = np.nan
    pooled = _replicates([low, high], 0).rates["eer"]
    assert math.isnan(pooled[7, 0])
    assert np.nanmin(pooled) == 0
    assert np.isnan(pooled).sum() == 1


def test_refuses_what_cannot_be_pooled(make_trials: Callable[..., Any]) -> None:
    one = run(make_trials, 1)
    own = make_trials(0, trials=1400, speakers=20)
    fewer = measure(*own.columns, {"gender": own.groups}, resampling=Resampling(100, 5))
    renamed = run(make_trials, 1)
    renamed = replace(renamed, attributes=())
    for other, message in (
        (fewer, "differ in their trials"),
        (renamed, "differ in their groups"),
        (run(make_trials, 2, resampling=None), "only one has intervals"),
        (run(make_trials, 2, resampling=Resampling(100, 5, seed=1)), "other seeds, speakers or strata"),
        (run(make_trials, 2, resampling=Resampling(100, 5, strata={"s000": "x"})), "other seeds"),
        (run(make_trials, 2, operating_point=OperatingPoint(0.01)), "differ in their operating point"),
        (run(make_trials, 2, on_hull=True), "differ in how EERs are made"),
    ):
        with pytest.raises(ValueError, match=message):
            pool_seeds([one, other], "system")
    with pytest.raises(ValueError, match="no seeds"):
        pool_seeds([], "system")


def test_seeds_may_have_thresholds_of_their_own(make_trials: Callable[..., Any]) -> None:
    seeds = [run(make_trials, n, threshold=ThresholdRule("score", 1 + 0.1 * n)) for n in range(2)]
    pooled = pool_seeds(seeds, "system")
    assert pooled.pooled_threshold == pytest.approx(1.05)
    rates = [one.overall.errors.fnmr_at_pooled for one in seeds]
    assert pooled.overall.errors.fnmr_at_pooled == pytest.approx(np.mean(rates))


def test_score_histograms_add_up_where_seeds_share_their_edges(make_trials: Callable[..., Any]) -> None:
    one, other = run(make_trials, 1), run(make_trials, 2)
    assert pool_seeds([one, other], "system").overall.histogram is None
    own = one.overall.histogram
    assert own is not None
    found = pool_seeds([one, one, one], "system").overall.histogram
    assert found is not None
    np.testing.assert_array_equal(found.edges, own.edges)
    np.testing.assert_array_equal(found.targets, 3 * own.targets)
    np.testing.assert_array_equal(found.non_targets, 3 * own.non_targets)
    bare = replace(one, overall=replace(one.overall, histogram=None))
    assert pool_seeds([bare, bare], "system").overall.histogram is None


def test_pooled_seeds_keep_their_settings_and_were_not_permuted(make_trials: Callable[..., Any]) -> None:
    resampling = Resampling(100, 5, seed=3, level=0.8, kind="basic")
    one, other = (run(make_trials, noise, resampling=resampling) for noise in (1, 2))
    pooled = pool_seeds([one, other], "system")
    assert pooled.settings == replace(one.settings, resampling=replace(resampling, permutations=0))
    assert pooled.replicates is not None
    assert one.replicates is not None
    assert pooled.replicates.draws == one.replicates.draws
    assert pooled.replicates.groups == one.replicates.groups
    assert set(pooled.replicates.rates) == set(one.replicates.rates)
    again = pool_seeds([one, other], "system").replicates
    assert again is not None
    for name in ("bands", "sweep_fmr", "sweep_fnmr"):
        values, single = getattr(pooled.replicates, name), getattr(one.replicates, name)
        assert values.shape == single.shape
        np.testing.assert_array_equal(values, getattr(again, name))
        # The mean of two seeds that differ in noise alone is near either.
        np.testing.assert_allclose(np.nanmedian(values, 0), np.nanmedian(single, 0), atol=0.15)


def test_each_seed_of_speakers_has_weights_of_its_own() -> None:
    seeds = [
        Replicates(
            (("", "overall"),), {"eer": np.full((50, 1), level)}, *(np.zeros((50, 1, 1)),) * 3, draws=""
        )
        for level in (0.4, 0.6)
    ]
    first, again, other = (_replicates(seeds, seed).rates["eer"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[:25], _replicates([*seeds, seeds[0]], 0).rates["eer"][:25])


def test_area_under_fdr_is_the_mean_of_the_seeds(make_trials: Callable[..., Any]) -> None:
    seeds = [run(make_trials, noise, resampling=None) for noise in range(3)]
    areas = [one.attribute("gender").fairness.area_under_fdr for one in seeds]
    pooled = pool_seeds(seeds, "system").attribute("gender")
    assert pooled.fairness.area_under_fdr == pytest.approx(np.mean(areas))
    assert pooled.trials_outside == seeds[0].attribute("gender").trials_outside
    assert [group.speakers for group in pooled.groups] == [10, 10]
    assert len(pooled.group("f").curve.fmr) == 201
    errors = [one.overall.errors for one in seeds]
    found = pool_seeds(seeds, "system").overall.errors
    for name in ("eer_threshold", "min_dcf", "dcf_at_pooled", "actual_dcf", "cllr", "min_cllr"):
        assert getattr(found, name) == pytest.approx(np.mean([getattr(own, name) for own in errors]))
    assert (found.targets, found.non_targets) == (errors[0].targets, errors[0].non_targets)
