import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from measuring import measure

from svfair.metrics.comparison import MEASURES, _change, compare
from svfair.metrics.resampling.changes import difference_interval, relative_interval, sample_distance
from svfair.metrics.resampling.intervals import interval
from svfair.metrics.results import Evaluation
from svfair.metrics.settings import Resampling


def score(make_trials: Callable[..., Any], better: float, **settings: Any) -> Evaluation:
    """Targets score higher by `better`, those of group f by twice as much."""
    own = make_trials(0, trials=2500, speakers=24, shift=0.8)
    gain = better * np.array([2 if own.groups[name] == "f" else 1 for name in own.enrol]) * own.is_target
    settings = {"resampling": Resampling(replicates=150, permutations=0)} | settings
    return measure(
        own.scores + gain,
        own.is_target,
        own.enrol,
        own.test,
        {"gender": own.groups},
        system=f"+{better}",
        **settings,
    )


def test_a_system_against_itself_differs_in_nothing(make_trials: Callable[..., Any]) -> None:
    one = score(make_trials, 0.0)
    found = compare(one, one)
    for changes in found.groups.values():
        for change in changes.values():
            assert (change.difference, change.relative) == (0, 0)
            for own in (change.difference_interval, change.relative_interval):
                assert (own.low, own.high) == (0, 0)
            assert not change.is_clear
    for changes in found.spreads.values():
        for change in changes.values():
            assert (change.difference, change.relative) == (0, 0)
            assert change.difference_interval.low <= 0 <= change.difference_interval.high
            assert not change.is_clear
    # Where the worst and best group are plain, nothing is left of the interval.
    clear = found.spreads["gender", "eer"]["gap"].difference_interval
    assert (clear.low, clear.high) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))


def test_changes_are_differences_with_paired_intervals(make_trials: Callable[..., Any]) -> None:
    first, second = score(make_trials, 0.0), score(make_trials, 0.4)
    found = compare(first, second)
    assert (found.baseline, found.other) == ("+0.0", "+0.4")
    assert set(found.groups) == {("", "overall"), ("gender", "f"), ("gender", "m")}
    change = found.groups["gender", "f"]["eer"]
    before, after = (one.attribute("gender").group("f") for one in (first, second))
    assert (change.baseline, change.other) == (before.errors.eer, after.errors.eer)
    assert change.difference == after.errors.eer - before.errors.eer
    assert change.relative == pytest.approx(after.errors.eer / before.errors.eer - 1)
    assert first.replicates is not None
    assert second.replicates is not None
    x, y = (one.replicates.rates["eer"][:, 1] for one in (first, second))  # type: ignore[union-attr]
    assert change.difference_interval == interval(change.difference, y - x, speakers=12)
    assert change.relative_interval == interval(change.relative, y / x - 1, speakers=12)
    assert change.is_clear
    # What both find hard alike cancels: the interval is narrower than that of either rate.
    own = before.intervals["eer"]
    width = change.difference_interval.high - change.difference_interval.low
    assert width < 0.6 * (own.high - own.low)
    gap = found.spreads["gender", "eer"]["gap"]
    spreads = [one.attribute("gender").spreads["eer"] for one in (first, second)]
    assert gap.difference == spreads[1].gap - spreads[0].gap < 0
    assert gap.relative == pytest.approx(spreads[1].gap / spreads[0].gap - 1)
    assert gap.difference_interval.low < gap.difference < gap.difference_interval.high
    assert found.spreads["gender", "eer"]["std"].difference == pytest.approx(gap.difference / 2)


def test_changes_by_hand_without_replicates() -> None:
    # Three targets and two non-targets at one threshold each: EER 0 against EER 1/2 of the other order.
    enrol, test = ["a", "a", "b", "b"], ["a", "b", "b", "a"]
    target = [True, False, True, False]
    good, bad = (measure(scores, target, enrol, test, {}) for scores in ([2.0, 0, 3, 1], [2.0, 0, 0, 2]))
    change = compare(bad, good).groups["", "overall"]["eer"]
    assert (change.baseline, change.other, change.difference, change.relative) == (0.5, 0, -0.5, -1)
    assert math.isnan(change.difference_interval.low)
    # Nothing can be said relative to no errors.
    assert math.isnan(compare(good, bad).groups["", "overall"]["eer"].relative)
    assert not change.is_clear


def test_groups_that_count_in_one_system_alone_have_no_changes_of_gaps(
    make_trials: Callable[..., Any],
) -> None:
    one = score(make_trials, 0.0)
    gender = one.attribute("gender")
    groups = (gender.groups[0], replace(gender.groups[1], counted=False))
    other = replace(one, attributes=(replace(gender, groups=groups),))
    assert compare(one, other).spreads == {}
    assert compare(one, other).groups


def test_refuses_other_trials_groups_and_draws(make_trials: Callable[..., Any]) -> None:
    one = score(make_trials, 0.0)
    own = make_trials(1, trials=2500, speakers=24)
    elsewhere = measure(*own.columns, {"gender": own.groups}, resampling=Resampling(150, 0))
    for other, message in (
        (elsewhere, "differ in their trials"),
        (replace(one, attributes=()), "differ in their groups"),
        (score(make_trials, 0.1, resampling=None), "only one has intervals"),
        (score(make_trials, 0.1, resampling=Resampling(150, 0, seed=1)), "other seeds"),
        (score(make_trials, 0.1, rule="any"), "differ in their trials"),
    ):
        with pytest.raises(ValueError, match=message):
            compare(one, other)


def test_changes_of_distances_are_those_of_the_groups_that_count(make_trials: Callable[..., Any]) -> None:
    resampling = Resampling(replicates=150, permutations=0, level=0.8)
    first, second = (score(make_trials, better, resampling=resampling) for better in (0.0, 0.4))
    found = compare(first, second)
    assert set(found.spreads) == {("gender", rate) for rate in first.attribute("gender").spreads}
    assert set(found.spreads["gender", "eer"]) == {"gap", "std"}
    for (_, rate), changes in found.spreads.items():
        for measure_of, slopes in MEASURES.items():
            samples, values = [], []
            for one in (first, second):
                assert one.replicates is not None
                own = one.attribute("gender")
                values.append(getattr(own.spreads[rate], measure_of))
                rates = np.array([getattr(own.group(name).errors, rate) for name in "fm"])
                samples.append(sample_distance(values[-1], rates, one.replicates.rates[rate][:, 1:], slopes))
            change = changes[measure_of]
            assert (change.baseline, change.other) == tuple(values)
            assert change.difference == values[1] - values[0]
            assert change.relative == pytest.approx(values[1] / values[0] - 1)
            # Twelve speakers a group, twenty-four in all.
            assert change.difference_interval == difference_interval(samples[0], samples[1], 0.8, 24)
            assert change.relative_interval == relative_interval(samples[0], samples[1], 0.8, 24)


def test_distances_without_replicates_have_changes_without_intervals(make_trials: Callable[..., Any]) -> None:
    first, second = (score(make_trials, better, resampling=None) for better in (0.0, 0.4))
    gap = compare(first, second).spreads["gender", "eer"]["gap"]
    assert gap.relative == pytest.approx(gap.other / gap.baseline - 1)
    assert math.isnan(gap.difference_interval.low)
    assert math.isnan(gap.relative_interval.high)
    assert set(compare(first, second).groups["", "overall"]) == {"eer", "min_dcf"}
    # From no distance at all nothing can be said relative to it.
    spreads = {"eer": replace(first.attribute("gender").spreads["eer"], gap=0.0)}
    none = replace(first, attributes=(replace(first.attribute("gender"), spreads=spreads),))
    assert math.isnan(compare(none, second).spreads["gender", "eer"]["gap"].relative)


@pytest.mark.parametrize("kind", ["percentile", "basic"])
def test_replicates_of_a_baseline_without_errors_tell_nothing_of_ratios(kind: Any) -> None:
    random = np.random.default_rng(0)
    before, after = 0.1 + 0.1 * random.random((2, 300))
    before[:100] = 0
    found = _change((0.15, 0.12), [before, after], Resampling(2, 0, level=0.8, kind=kind), 30)
    assert (found.baseline, found.other, found.relative) == (0.15, 0.12, pytest.approx(-0.2))
    given: dict[str, Any] = {"level": 0.8, "kind": kind, "speakers": 30}
    assert found.difference_interval == interval(found.difference, after - before, **given)
    ratios = np.array([y / x - 1 for x, y in zip(before[100:], after[100:], strict=True)])
    assert found.relative_interval == interval(found.relative, ratios, **given)


def test_a_change_is_clear_when_its_interval_leaves_out_0() -> None:
    column = np.full(50, 0.1)
    for shift, clear in ((0.02, True), (-0.02, True), (0.0, False)):
        change = _change((0.1, 0.1 + shift), [column, column + shift], Resampling(2, 0), 30)
        assert change.is_clear == clear
