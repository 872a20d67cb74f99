import re
from dataclasses import replace

import pytest

from svfair.metrics import (
    Attribute,
    Chance,
    Evaluation,
    Group,
    Interval,
    Resampling,
    Settings,
    Spread,
    ThresholdRule,
    evaluate,
    make_trial_set,
)
from svfair.reports.page.headlines import headlines
from svfair.reports.words import attribute_words, speakers_of

SIDE = ["a", "a", "b", "b"] * 20
BASE = evaluate(
    make_trial_set([0.0, 1.0] * 40, [False, True] * 40, SIDE, SIDE),
    {"gender": {"a": "male", "b": "female"}},
    Settings(minimum_speakers=1, minimum_targets=1),
)


def system(
    rates: dict[str, float],
    *,
    intervals: dict[str, Interval] | None = None,
    chance: Chance | None = None,
    attribute: str = "gender",
    level: float = 0.95,
    threshold: ThresholdRule | None = None,
) -> tuple[Evaluation, Attribute]:
    """Return an evaluation in which the groups have these FMRs, no FNMR and no EER."""
    nan = float("nan")
    groups = tuple(
        Group(
            name,
            10,
            replace(
                BASE.overall.errors,
                fmr_at_pooled=rate,
                fnmr_at_pooled=nan,
                eer=nan,
            ),
            BASE.overall.curve,
        )
        for name, rate in rates.items()
    )
    spread = Spread(nan, nan, nan, "", intervals=intervals or {}, chance=chance)
    found = Attribute(attribute, groups, dict.fromkeys(("eer", "fnmr_at_pooled", "fmr_at_pooled"), spread), 0)
    resampling = Resampling(level=level) if intervals else None
    settings = replace(BASE.settings, resampling=resampling, threshold=threshold or ThresholdRule())
    return replace(BASE, attributes=(found,), settings=settings), found


CLEAR = {"ratio": Interval(1.17, 2.0), "gap": Interval(0.003, 0.02)}
UNCLEAR = {"ratio": Interval(1.0, 2.0), "gap": Interval(0.0, 0.02)}
RARE, COMMON = Chance(0.002, 0.006, 3 / 1001, 1000), Chance(0.002, 0.006, 215 / 1001, 1000)


def said(*given: object, **named: object) -> tuple[str, bool | None]:
    (one,) = headlines(*system(*given, **named))  # type: ignore[arg-type]
    return one.text, one.is_clear


def test_clear_gap_names_both_groups_its_interval_and_chance() -> None:
    text, is_clear = said({"male": 0.02, "female": 0.0306}, intervals=CLEAR, chance=RARE)
    assert text == (
        "Female speakers are falsely accepted 1.53 times as often as male speakers at one threshold for all "
        "(95 % interval 1.17 to 2.00): 3.06 % against 2.00 % of trials between different speakers. "
        "A gap this large comes from chance in 0.3 % of permutations."
    )
    assert is_clear


def test_only_a_threshold_that_was_given_is_called_deployed() -> None:
    rates = {"male": 0.02, "female": 0.03}
    text, _ = said(rates, threshold=ThresholdRule("score", 1.5))
    assert "male speakers at the deployed threshold: " in text
    for chosen in (ThresholdRule(), ThresholdRule("dcf"), ThresholdRule("fmr", 0.01)):
        text, _ = said(rates, threshold=chosen)
        assert "male speakers at one threshold for all: " in text
        assert "deployed" not in text


def test_smallest_p_value_is_an_upper_bound() -> None:
    text, _ = said(
        {"male": 0.02, "female": 0.03}, intervals=CLEAR, chance=Chance(0.002, 0.006, 1 / 1001, 1000)
    )
    assert text.endswith("comes from chance in fewer than 0.1 % of permutations.")
    text, _ = said({"male": 0.02, "female": 0.03}, intervals=CLEAR, chance=Chance(0.002, 0.006, 0.01, 99))
    assert text.endswith("fewer than 1 % of permutations.")


@pytest.mark.parametrize(
    ("intervals", "chance", "words"),
    [
        (UNCLEAR, COMMON, "the interval reaches 1, and a gap this large comes from chance in 21.5 % of"),
        (UNCLEAR, RARE, "the interval reaches 1, although a gap this large comes from chance in 0.3 % of"),
        (CLEAR, COMMON, "a gap this large comes from chance in 21.5 % of permutations."),
        (UNCLEAR, None, "the interval reaches 1."),
    ],
)
def test_what_may_be_chance_is_said_so(
    intervals: dict[str, Interval], chance: Chance | None, words: str
) -> None:
    text, is_clear = said({"male": 0.02, "female": 0.03}, intervals=intervals, chance=chance)
    assert f" This may be chance: {words}" in text
    assert is_clear is False


def test_without_intervals_nothing_is_called_clear() -> None:
    text, is_clear = said({"male": 0.02, "female": 0.03})
    assert is_clear is None
    assert "interval" not in text
    assert "chance" not in text


def test_bound_above_equality_is_not_rounded_to_it() -> None:
    text, is_clear = said(
        {"male": 0.02, "female": 0.03}, intervals={"ratio": Interval(1.0004, 2.0)}, chance=RARE
    )
    assert is_clear
    assert "95 % interval 1.0004 to 2.0000" in text


def test_group_without_errors_has_a_difference_instead_of_a_ratio() -> None:
    rates = {"male": 0.0, "female": 0.03}
    infinite = {"ratio": Interval(float("nan"), float("nan")), "gap": Interval(0.01, 0.05)}
    text, is_clear = said(rates, intervals=infinite, chance=RARE)
    assert is_clear
    assert "falsely accepted more often than male speakers" in text
    assert "(95 % interval of the difference 1.00 to 5.00 percentage points)" in text
    reaching = infinite | {"gap": Interval(0.0, 0.05)}
    text, is_clear = said(rates, intervals=reaching, chance=RARE)
    assert is_clear is False
    assert "the interval reaches 0" in text


def test_interval_without_an_upper_end() -> None:
    text, _ = said({"male": 0.02, "female": 0.03}, intervals={"ratio": Interval(1.2, float("inf"))})
    assert "(95 % interval 1.20 or more)" in text


def test_of_many_groups_worst_and_best_are_told() -> None:
    text, _ = said(
        {"US": 0.02, "UK": 0.01, "other": 0.04, "unknown": 0.03},
        intervals=CLEAR,
        attribute="country_region",
        level=0.9,
    )
    assert text.startswith("Speakers from other countries are falsely accepted 4.00 times as often as")
    assert "speakers from the UK at one threshold for all (worst and best of 4 groups; 90 % interval" in text


def test_equal_groups_and_single_groups() -> None:
    text, is_clear = said({"male": 0.0, "female": 0.0}, intervals=UNCLEAR)
    assert (
        text == "All groups are falsely accepted equally often: 0.00 % of trials between different speakers."
    )
    assert is_clear is None
    assert headlines(*system({"male": 0.02})) == []
    assert headlines(*system({"male": 0.02, "female": float("nan")})) == []


def test_rates_of_a_real_evaluation_are_told_in_order(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluation = make_evaluation(replicates=60)
    fnmr, fmr, eer = (one.text for one in headlines(evaluation, evaluation.attribute("gender")))
    assert re.match(r"Female speakers are falsely rejected \d+\.\d\d times as often as male speakers", fnmr)
    assert "falsely accepted" in fmr
    assert re.match(r"Female speakers have an EER \d\.\d\d times that of male speakers \(95 % interval", eer)
    assert "each group at its own threshold" in eer


@pytest.mark.parametrize(
    ("attribute", "group", "words"),
    [
        ("gender", "female", "female speakers"),
        ("gender", "unknown", "speakers with gender unknown"),
        ("country", "Norway", "speakers from Norway"),
        ("gender*country_region", "female, US", "female speakers from the US"),
        ("gender*age:30,50", "male, under 30", "male speakers with age under 30"),
        ("accent*age:30", "north, 30 and over", "speakers with accent north and with age 30 and over"),
        ("town", "Paris, Texas", "speakers with town Paris, Texas"),
    ],
)
def test_groups_are_called_by_what_they_are(attribute: str, group: str, words: str) -> None:
    assert speakers_of(attribute, group) == words


def test_attributes_are_called_by_what_they_are() -> None:
    assert attribute_words("country_region") == "country region"
    assert attribute_words("gender*age:30,50") == "gender and age"
