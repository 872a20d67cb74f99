from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from measuring import measure

from svfair.metrics.resampling.attach import _middle, with_intervals
from svfair.metrics.resampling.intervals import distance_interval, effective_speakers, interval
from svfair.metrics.resampling.rates import BAND, RATES
from svfair.metrics.resampling.spreads import fairness_intervals, spread_intervals
from svfair.metrics.results import Evaluation, Interval
from svfair.metrics.settings import Resampling

ONE = {"minimum_speakers": 1, "minimum_targets": 1}


def all_intervals(evaluation: Evaluation) -> list[Interval]:
    groups = [evaluation.overall, *(group for own in evaluation.attributes for group in own.groups)]
    found = [one for group in groups for one in group.intervals.values()]
    for attribute in evaluation.attributes:
        found += attribute.fairness.intervals.values()
        found += [one for own in attribute.spreads.values() for one in own.intervals.values()]
    return found


@pytest.mark.parametrize("kind", ["percentile", "basic"])
def test_intervals_of_rates_are_those_of_their_replicates(make_trials: Callable[..., Any], kind: Any) -> None:
    own = make_trials(0, trials=2000, speakers=20)
    resampling = Resampling(replicates=200, permutations=0, kind=kind, level=0.9)
    found = measure(*own.columns, {"gender": own.groups}, resampling=resampling)
    assert found.replicates is not None
    for key in found.replicates.groups:
        group = found.attribute(key[0]).group(key[1]) if key[0] else found.overall
        column = found.replicates.column(*key)
        for rate in RATES:
            expected = interval(
                getattr(group.errors, rate),
                found.replicates.rates[rate][:, column],
                level=0.9,
                kind=kind,
                speakers=group.speakers,
            )
            assert group.intervals[rate] == expected
        assert group.band is not None
        np.testing.assert_array_equal(group.band.fmr, BAND)
        expected = np.quantile(found.replicates.bands[:, column], [0.05, 0.95], axis=0)
        np.testing.assert_allclose([group.band.low, group.band.high], expected)
    gender = found.attribute("gender")
    eer = gender.spreads["eer"]
    deviations = np.array([f.errors.eer for f in gender.groups]) - found.replicates.rates["eer"][:, 1:]
    assert effective_speakers([10, 10]) == 20
    reach = eer.intervals["gap"].high - eer.gap
    # A little further out than the plain quantile, for the 20 speakers.
    assert np.quantile(np.ptp(deviations, axis=1), 0.9) < reach < np.ptp(deviations, axis=1).max()


def test_no_replicates_no_intervals(make_trials: Callable[..., Any]) -> None:
    found = measure(*make_trials(0).columns, {})
    assert all_intervals(found) == []
    assert found.overall.band is None
    with pytest.raises(ValueError, match="without replicates"):
        with_intervals(found)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["both", "enrol", "any"])
@pytest.mark.parametrize("on_hull", [False, True])
@pytest.mark.parametrize("replicates", [2, 30])
def test_degenerate_trials_give_no_warning_and_no_half_interval(
    make_trials: Callable[..., Any], rule: Any, on_hull: bool, replicates: int
) -> None:
    own = make_trials(0, trials=60, speakers=4)
    sets = {
        "one trial": own.taken(np.array([0])),
        "targets alone": own.taken(np.flatnonzero(own.is_target)),
        "non-targets alone": own.taken(np.flatnonzero(~own.is_target)),
        "all tied": replace(own, scores=np.zeros(60)),
        "perfect": replace(own, scores=own.is_target * 1.0),
        "inverted": replace(own, scores=own.is_target * -1.0),
        "one target": own.taken(np.r_[np.flatnonzero(own.is_target)[:1], np.flatnonzero(~own.is_target)]),
        "one non-target": own.taken(np.r_[np.flatnonzero(own.is_target), np.flatnonzero(~own.is_target)[:1]]),
        "huge": replace(own, scores=1e300 * own.scores),
        "tiny": replace(own, scores=1e-300 * own.scores),
        "two speakers": make_trials(1, trials=40, speakers=2),
        "one speaker a group": make_trials(1, trials=40, speakers=4, group_names="abcd"),
        "one group perfect": replace(
            own,
            scores=own.scores + np.array([50 * (n in ("s000", "s002")) for n in own.enrol]) * own.is_target,
        ),
    }
    for name, trials in sets.items():
        for seed in range(3):
            resampling = Resampling(replicates=replicates, permutations=5, seed=seed)
            attributes = {"group": trials.groups, "nothing": {}, "rare": {"s000": "x"}}
            found = measure(
                *trials.columns, attributes, rule=rule, on_hull=on_hull, resampling=resampling, **ONE
            )
            for one in all_intervals(found):
                assert np.isnan(one.low) == np.isnan(one.high), name
                assert not one.low > one.high, name


def test_replicates_without_a_group_do_not_poison_its_intervals(make_trials: Callable[..., Any]) -> None:
    # Three speakers of twenty vanish together in about one replicate of twenty-six.
    own = make_trials(0, trials=3000, speakers=20)
    groups = {name: "rare" if name in ("s000", "s001", "s002") else "common" for name in own.groups}
    resampling = Resampling(replicates=400, permutations=0)
    found = measure(*own.columns, {"size": groups}, resampling=resampling, rule="enrol", **ONE)  # type: ignore[arg-type]
    assert found.replicates is not None
    missing = np.isnan(found.replicates.rates["eer"]).mean(0)
    rare = found.replicates.column("size", "rare")
    assert 0.015 < missing[rare] < 0.09
    assert missing[0] == 0
    for one in all_intervals(found):
        assert np.isfinite([one.low, one.high]).all()
    size = found.attribute("size")
    group = size.group("rare")
    assert group.intervals["eer"].low <= group.errors.eer <= group.intervals["eer"].high
    assert group.band is not None
    assert np.isfinite(group.band.low).all()


def test_a_group_missing_from_most_replicates_has_no_interval(make_trials: Callable[..., Any]) -> None:
    # Under `both` a group of two has non-target trials only where both of them are drawn.
    own = make_trials(3, trials=3000, speakers=20)
    groups = {name: "rare" if name in ("s000", "s001") else "common" for name in own.groups}
    found = measure(
        *own.columns, {"size": groups}, resampling=Resampling(replicates=200, permutations=0), **ONE
    )
    assert found.replicates is not None
    rare = found.attribute("size").group("rare")
    assert np.isfinite(rare.errors.eer)
    assert np.isnan(found.replicates.rates["eer"][:, found.replicates.column("size", "rare")]).mean() > 0.5
    assert np.isnan(rare.intervals["eer"].low)
    assert np.isnan(found.attribute("size").spreads["eer"].intervals["gap"].low)
    assert np.isfinite(found.attribute("size").group("common").intervals["eer"].low)
    assert {field.name for field in fields(Interval)} == {"low", "high"}


def test_a_group_without_errors_is_not_sure_to_have_none(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0, trials=3000, speakers=20)
    scores = np.where(own.is_target, 9.0, own.scores)
    found = measure(scores, *own.columns[1:], {"gender": own.groups}, resampling=Resampling(50, 0), **ONE)
    female = found.attribute("gender").group("f")
    assert female.errors.eer == 0
    interval = female.intervals["eer"]
    # Ten speakers without an error: (1 - rate)^10 = 2.5 %.
    assert interval.low == 0
    assert (1 - interval.high) ** female.speakers == pytest.approx(0.025)


def test_intervals_of_distances_are_those_of_the_groups_that_count(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0, trials=3000, speakers=21)
    # The group of the last speaker is too small to count.
    groups = own.groups | {"s020": "alone"}
    resampling = Resampling(replicates=200, permutations=0, level=0.9)
    found = measure(*own.columns, {"gender": groups}, resampling=resampling, rule="enrol")
    replicates, gender = found.replicates, found.attribute("gender")
    assert replicates is not None
    assert gender.counted == ("f", "m")
    columns = [replicates.column("gender", name) for name in "fm"]
    bound = partial(distance_interval, level=0.9, speakers=effective_speakers([10, 10]))

    def of(rate: str) -> np.ndarray:
        return np.array([getattr(gender.group(name).errors, rate) for name in "fm"])

    for rate, spread in gender.spreads.items():
        drawn = replicates.rates[rate][:, [0, *columns]]
        overall = getattr(found.overall.errors, rate)
        assert spread.intervals == spread_intervals(spread, of(rate), overall, drawn, bound)
    kinds = ("fmr_at_pooled", "fnmr_at_pooled")
    swept = replicates.sweep_fmr[:, columns], replicates.sweep_fnmr[:, columns]
    expected = fairness_intervals(
        gender.fairness,
        (of(kinds[0]), of(kinds[1])),
        (replicates.rates[kinds[0]][:, columns], replicates.rates[kinds[1]][:, columns]),
        (np.median(swept[0], axis=0), np.median(swept[1], axis=0)),
        swept,
        bound,
    )
    assert gender.fairness.intervals == expected


def test_the_middle_of_replicates_leaves_out_those_that_are_missing() -> None:
    nan = np.nan
    found = _middle(np.array([[1.0, nan, nan], [2.0, 5.0, nan], [4.0, 7.0, nan]]))
    np.testing.assert_array_equal(found, [2.0, 6.0, nan])


def test_a_group_without_one_kind_of_trial_has_no_band(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0)
    groups = {name: "alone" if name == "s000" else "others" for name in own.groups}
    found = measure(*own.columns, {"size": groups}, resampling=Resampling(20, 0), **ONE)
    alone, others = (found.attribute("size").group(name) for name in ("alone", "others"))
    assert alone.band is None
    assert others.band is not None
    assert set(alone.intervals) == set(others.intervals) == set(RATES)
    assert np.isnan(alone.intervals["eer"].low)
