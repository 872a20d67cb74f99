import re
from dataclasses import replace

import pytest

from svfair.metrics.comparison import Change
from svfair.metrics.results import Evaluation, Interval
from svfair.reports.field_table import field_table, paired
from svfair.reports.page import changes
from svfair.reports.page.changes import changes_in_words
from svfair.reports.page.headlines import Headline

NOTHING = Interval(float("nan"), float("nan"))


def told_of(base: Evaluation, other: Evaluation) -> list[Headline]:
    return changes_in_words(base, other, paired(base, other))


def test_changes_of_paired_systems_have_intervals_and_a_verdict(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    base, other = make_evaluation(replicates=100), make_evaluation("other", ease=3.0, replicates=100)
    told = told_of(base, other)
    assert len(told) == 1 + 3 * 2
    overall, gender = told[0], told[1]
    assert overall.is_clear
    assert re.fullmatch(
        r"The EER over all trials changes by \u2212\d+ % \(95 % interval \u2212\d+ to \u2212\d+ %\), from "
        r"\d+\.\d\d to \d+\.\d\d %\.",
        overall.text,
    )
    assert gender.text.startswith("The gender gap of the EER changes by \u2212")
    assert "percentage points" in gender.text
    for one in told:
        assert ("may be chance" in one.text) == (one.is_clear is False)


def test_changes_without_intervals_are_those_of_the_table(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluations = [make_evaluation(), make_evaluation("other", ease=2.5)]
    told = told_of(*evaluations)
    (_, base), (_, cells) = field_table(evaluations).rows
    for one, column in ((told[0], 0), (told[1], 3)):
        assert one.is_clear is None
        assert f"from {base[column].value:.2f} to {cells[column].value:.2f}" in one.text
        assert f"\u2212{-cells[column].change:.0f} %" in one.text  # type: ignore[operator]
        assert "interval" not in one.text


def test_gaps_over_other_groups_are_not_compared(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    told = told_of(make_evaluation(), make_evaluation("other", regions=("US", "UK")))
    assert len(told) == 1 + 3
    assert not any("country" in one.text for one in told)


@pytest.mark.parametrize(
    ("change", "words", "is_clear"),
    [
        (
            Change(0.02, 0.01, -0.01, Interval(-0.02, -0.001), -0.5, Interval(-0.9, -0.02)),
            "changes by \u221250 % (95 % interval \u221290 to \u22122 %), from 2.00 to 1.00 percentage",
            True,
        ),
        (
            Change(0.02, 0.01, -0.01, Interval(-0.02, 0.001), -0.5, Interval(-0.9, 0.02)),
            "(95 % interval \u221290 to +2 %), from 2.00 to 1.00 percentage points; this may be chance",
            False,
        ),
        (
            # The baseline's gap could be 0: the ratio has no end, the difference has.
            Change(0.02, 0.01, -0.01, Interval(-0.02, 0.001), -0.5, Interval(-1, float("inf"))),
            "(95 % interval of the difference \u22122.00 to +0.10 percentage points)",
            False,
        ),
        (
            Change(0.02, 0.04, 0.02, Interval(0.001, 0.03), 1.0, Interval(0.2, float("inf"))),
            "changes by +100 % (95 % interval +20 % or more)",
            True,
        ),
        (
            Change(0.0, 0.01, 0.01, Interval(0.001, 0.02), float("nan"), NOTHING),
            "changes by +1.00 percentage points (95 % interval +0.10 to +2.00), from 0.00 to 1.00",
            True,
        ),
        (Change(float("nan"), 0.01, float("nan"), NOTHING, float("nan"), NOTHING), "Nothing is known", None),
    ],
)
def test_words_of_a_change(change: Change, words: str, is_clear: bool | None) -> None:
    found = changes._headline("the gender gap of the EER", change, "95 %")
    assert words in found.text
    assert found.is_clear is is_clear


def test_level_of_the_intervals_is_told(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    base = make_evaluation(replicates=20)
    narrow = replace(base.settings, resampling=replace(base.settings.resampling, level=0.8))
    told = told_of(replace(base, settings=narrow), replace(base, system="same", settings=narrow))
    assert "80 % interval" in told[1].text
