import math

import numpy as np
import pytest
from measuring import measure

from svfair.metrics.fairness import spread

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
