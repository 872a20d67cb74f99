import math

import numpy as np
import pytest
from measuring import measure

from svfair.metrics import Evaluation, OperatingPoint, ThresholdRule, fairness, measures
from svfair.metrics.calibration import actual_detection_cost
from svfair.metrics.detection import (
    detection_cost,
    equal_error,
    error_curve,
    errors_at,
    minimum_detection_cost,
    thin,
)
from svfair.metrics.fairness import SPREAD_OF, spread
from svfair.metrics.results import Fairness

GENDER = {"a": "male", "b": "male", "c": "female", "d": "female"}


def make_trials(seed: int = 0, count: int = 4000):  # type: ignore[no-untyped-def]
    random = np.random.default_rng(seed)
    speakers = [*"abcd", "e"]
    enrol = random.choice(speakers, size=count)
    target = random.random(count) < 0.5
    test = np.where(target, enrol, random.choice(speakers, size=count))
    target = enrol == test
    hard = np.isin(enrol, ["c", "d"])
    scores = random.normal(size=count) + np.where(hard, 1.5, 3.0) * target
    return scores, target, enrol.tolist(), test.tolist()


@pytest.mark.parametrize("rule", ["both", "enrol", "any"])
def test_groups_match_a_loop_over_trials(rule: str) -> None:
    scores, target, enrol, test = make_trials()
    result = measure(scores, target, enrol, test, {"gender": GENDER}, rule=rule, minimum_speakers=1)  # type: ignore[arg-type]
    for group in result.attribute("gender").groups:
        member = []
        for one, other in zip(enrol, test, strict=True):
            sides = (GENDER.get(one, "unknown") == group.name, GENDER.get(other, "unknown") == group.name)
            member.append({"both": all(sides), "enrol": sides[0], "any": any(sides)}[rule])
        chosen = np.array(member)
        alone = measure(scores[chosen], target[chosen], ["x"] * chosen.sum(), ["y"] * chosen.sum(), {})
        assert group.errors.eer == pytest.approx(alone.overall.errors.eer, abs=1e-12, nan_ok=True)
        assert group.errors.targets == int(target[chosen].sum())
        assert group.errors.non_targets == int((~target[chosen]).sum())
        at = result.pooled_threshold
        assert group.errors.fnmr_at_pooled == pytest.approx(np.mean(scores[chosen & target] < at))
        if (chosen & ~target).any():
            assert group.errors.fmr_at_pooled == pytest.approx(np.mean(scores[chosen & ~target] >= at))
        else:
            assert math.isnan(group.errors.fmr_at_pooled)
    if rule == "both":
        crossing = sum(
            GENDER.get(a, "unknown") != GENDER.get(b, "unknown") for a, b in zip(enrol, test, strict=True)
        )
        assert result.attribute("gender").trials_outside == crossing


def test_finds_the_planted_gap() -> None:
    result = measure(*make_trials(count=20_000), {"gender": GENDER}, minimum_speakers=2)
    gender = result.attribute("gender")
    assert [group.name for group in gender.groups] == ["male", "female", "unknown"]
    eer = gender.spreads["eer"]
    assert eer.worst_group == "female"
    difference = gender.group("female").errors.eer - gender.group("male").errors.eer
    assert eer.gap == pytest.approx(difference)
    assert eer.std == pytest.approx(difference / 2)
    assert difference > 0.05


def test_small_and_unknown_groups_are_shown_but_do_not_count() -> None:
    values = GENDER | {"a": "other", "e": None}
    result = measure(*make_trials(), {"gender": values}, minimum_speakers=2, minimum_targets=1)
    by_name = {group.name: group for group in result.attribute("gender").groups}
    assert by_name["male"].note == "1 speaker, fewer than 2; no non-target trials"
    assert by_name["unknown"].note == "attribute not known; 1 speaker, fewer than 2; no non-target trials"
    assert not by_name["other"].counted
    assert by_name["female"].counted
    assert math.isnan(result.attribute("gender").spreads["eer"].gap)
    with pytest.raises(KeyError):
        result.attribute("age")
    with pytest.raises(KeyError):
        result.attribute("gender").group("robot")


def test_a_group_without_targets_has_a_reason() -> None:
    result = measure(
        [0.0, 1.0, 2.0], [False, True, False], ["a", "a", "c"], ["b", "a", "d"], {"gender": GENDER}
    )
    female = result.attribute("gender").group("female")
    assert math.isnan(female.errors.eer)
    assert "no target trials" in female.note
    assert female.errors.fmr_at_pooled == 1.0


@pytest.mark.parametrize(
    ("scores", "enrol", "message"),
    [([np.nan], ["a"], "finite"), ([1.0], [], "length"), ([], [], "no trials")],
)
def test_bad_arrays_are_refused(scores: list[float], enrol: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(scores, [True] * len(scores), enrol, ["b"] * len(scores), {})


def test_spread_by_hand() -> None:
    found = spread({"a": 0.01, "b": 0.04, "c": 0.01, "d": float("nan")})
    assert (found.gap, found.ratio, found.worst_group) == (pytest.approx(0.03), pytest.approx(4.0), "b")
    assert found.std == pytest.approx(math.sqrt((0.01**2 * 2 + 0.02**2) / 3))
    assert spread({"a": 0.0, "b": 0.0}).ratio == 1.0
    assert spread({"a": 0.0, "b": 0.1}).ratio == math.inf
    assert math.isnan(spread({"a": 0.1}).gap)


def measured(**settings: object) -> tuple[Evaluation, dict[str, np.ndarray]]:
    """Evaluate by gender under the rule `enrol`; also return which trials are in each group."""
    scores, target, enrol, test = make_trials()
    given = {"rule": "enrol", "minimum_speakers": 1} | settings
    found = measure(scores, target, enrol, test, {"gender": GENDER}, **given)  # type: ignore[arg-type]
    sides = np.array([GENDER.get(name, "unknown") for name in enrol])
    return found, {name: sides == name for name in ("male", "female")} | {"overall": sides != ""}


@pytest.mark.parametrize("on_hull", [False, True])
def test_every_figure_of_a_group_is_that_of_its_trials_alone(on_hull: bool) -> None:
    point = OperatingPoint(0.2, 2.0, 1.5)
    found, members = measured(on_hull=on_hull, operating_point=point, threshold=ThresholdRule("score", 1.25))
    assert found.pooled_threshold == 1.25
    scores, target, *_ = make_trials()
    for group in (found.overall, *found.attribute("gender").groups[:2]):
        own = scores[members[group.name]], target[members[group.name]]
        curve, errors = error_curve(*own), group.errors
        assert errors.eer == measures.equal_error_rate(*own, on_hull=on_hull)
        assert errors.eer_threshold == equal_error(curve)[1]
        assert (errors.min_dcf, errors.min_dcf_threshold) == minimum_detection_cost(curve, point)
        assert (errors.fnmr_at_pooled, errors.fmr_at_pooled) == errors_at(curve, 1.25)
        assert errors.dcf_at_pooled == detection_cost(*errors_at(curve, 1.25), point)
        assert errors.actual_dcf == actual_detection_cost(curve, point)
        assert errors.cllr == pytest.approx(measures.cllr(*own))
        assert errors.min_cllr == measures.min_cllr(*own)
        assert (errors.targets, errors.non_targets) == (curve.targets, curve.non_targets)
        assert (errors.note, group.note) == ("", "")
        np.testing.assert_array_equal(group.curve.fnmr, thin(curve).fnmr)
        np.testing.assert_array_equal(group.curve.fmr, thin(curve).fmr)
        # Histograms share their bins, so that groups can be laid over each other.
        assert group.histogram is not None
        edges = group.histogram.edges
        np.testing.assert_allclose(edges, np.linspace(scores.min(), scores.max(), 61))
        for side, counts in ((own[1], group.histogram.targets), (~own[1], group.histogram.non_targets)):
            inside = np.searchsorted(edges[1:-1], own[0][side], side="right")
            assert counts.tolist() == [np.count_nonzero(inside == number) for number in range(60)]


def test_figures_of_fairness_are_those_of_the_groups_that_count() -> None:
    found, members = measured()
    gender = found.attribute("gender")
    groups = [gender.group("male"), gender.group("female")]
    for rate in SPREAD_OF:
        rates = {group.name: getattr(group.errors, rate) for group in groups}
        assert gender.spreads[rate] == spread(rates, getattr(found.overall.errors, rate))
    fmr, fnmr = (
        np.array([getattr(g.errors, f"{kind}_at_pooled") for g in groups]) for kind in ("fmr", "fnmr")
    )
    merits = gender.fairness
    assert merits.fdr == fairness.fairness_discrepancy_rate(fmr, fnmr)
    assert merits.inequity_rate == fairness.inequity_rate(fmr, fnmr)
    assert merits.garbe == fairness.garbe(fmr, fnmr)
    # Thresholds at nine rates of the pooled non-targets, from 0.1 to 10 %.
    scores, target, *_ = make_trials()
    others = np.sort(scores[~target])
    heights = []
    for rate in np.logspace(-3, -1, 9):
        at = scores[scores > others[::-1][math.floor(rate * len(others))]].min()
        own = [(scores[members[name]], target[members[name]]) for name in ("male", "female")]
        misses = [np.mean(s[t] < at) for s, t in own]
        matches = [np.mean(s[~t] >= at) for s, t in own]
        heights.append(1 - (abs(misses[0] - misses[1]) + abs(matches[0] - matches[1])) / 2)
    expected = sum((a + b) / 2 for a, b in zip(heights[1:], heights[:-1], strict=True)) / 8
    assert merits.area_under_fdr == pytest.approx(expected)


def test_one_group_that_counts_has_no_figures_of_fairness() -> None:
    found = measure(*make_trials(), {"all": dict.fromkeys("abcde", "x")}, system="mine")
    one = found.attribute("all")
    assert repr(one.fairness) == repr(Fairness())
    assert all(math.isnan(own.gap) and own.worst_group == "x" for own in one.spreads.values())
    assert (found.system, one.trials_outside, one.group("x").speakers) == ("mine", 0, 5)


def test_tied_scores_have_a_histogram_around_them() -> None:
    found = measure([3.0] * 4, [1, 1, 0, 0], ["a"] * 4, ["a", "a", "b", "b"], {}).overall.histogram
    assert found is not None
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (2.5, 3.5, 61)
    assert (found.targets.sum(), found.non_targets.sum()) == (2, 2)


def test_a_group_at_the_fewest_speakers_and_targets_counts() -> None:
    found, members = measured(minimum_speakers=2)
    _, target, *_ = make_trials()
    males = int(target[members["male"]].sum())
    speakers = found.attribute("gender").group("male").speakers
    for fewest, counts in ((0, True), (1, False)):
        for settings in ({"minimum_targets": males + fewest}, {"minimum_speakers": speakers + fewest}):
            assert measured(**settings)[0].attribute("gender").group("male").counted == counts
    few = measured(minimum_speakers=9, minimum_targets=males + 1)[0].attribute("gender").group("male")
    assert few.note == f"{speakers} speakers, fewer than 9; {males} target trials, fewer than {males + 1}"
