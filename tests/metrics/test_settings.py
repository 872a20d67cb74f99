import math
from typing import Any

import pytest

from svfair.errors import InputError
from svfair.metrics import OperatingPoint, Resampling, Settings, ThresholdRule, parse_threshold

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("kind", "name", "values", "message"),
    [
        (OperatingPoint, "p_target", (0, 1, -0.1, NAN), "must lie between 0 and 1, not "),
        (OperatingPoint, "c_miss", (0, -1, INF, NAN), "must be above 0, not "),
        (OperatingPoint, "c_fa", (0, -1, INF, NAN), "must be above 0, not "),
        (Resampling, "replicates", (1, 0, -5), "must be at least 2, not "),
        (Resampling, "replicates", (1_000_001, 10**30), "more than 1,000,000 tell nothing more"),
        (Resampling, "permutations", (1_000_001, 10**30), "more than 1,000,000 tell nothing more"),
        (Resampling, "permutations", (-1,), "must be at least 0, not -1"),
        (Resampling, "seed", (-1,), "must be at least 0, not -1"),
        (Resampling, "level", (0.0, 1.0, NAN), "must lie between 0 and 1, not "),
        (Resampling, "kind", ("bca",), "'bca' is none of percentile, basic"),
        (Settings, "rule", ("neither",), "'neither' is none of both, enrol, any"),
        (Settings, "minimum_speakers", (0, -1), "must be at least 1, not "),
        (Settings, "minimum_targets", (0, -1), "must be at least 1, not "),
    ],
)
def test_a_value_out_of_range_names_its_setting(
    kind: Any, name: str, values: tuple[Any, ...], message: str
) -> None:
    for value in values:
        with pytest.raises(InputError) as caught:
            kind(**{name: value})
        assert caught.value.parameter == name
        assert str(caught.value).startswith(f"{name}: {message}")
        assert caught.value.named({name: "--option"}).startswith(f"--option: {message}")


def test_values_at_the_edge_of_the_range_are_fine() -> None:
    Resampling(replicates=2, permutations=0, seed=0, level=1e-9, kind="basic")
    Settings(minimum_speakers=1, minimum_targets=1, rule="any")
    OperatingPoint(1 - 1e-9, 1e-9, 1e9)


def test_how_eers_are_made_is_told() -> None:
    assert (Settings().eer_kind, Settings(on_hull=True).eer_kind) == ("interpolated", "convex hull")


def test_defaults_are_those_of_the_documents() -> None:
    found = Settings()
    assert (found.rule, found.minimum_speakers, found.minimum_targets) == ("both", 5, 100)
    assert (found.resampling, found.on_hull, found.threshold.criterion) == (None, False, "eer")
    point = found.operating_point
    assert (point.p_target, point.c_miss, point.c_fa) == (0.05, 1.0, 1.0)
    made = Resampling()
    assert (made.replicates, made.permutations, made.seed, made.level) == (1000, 1000, 0, 0.95)
    assert (made.kind, dict(made.strata)) == ("percentile", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eer", ThresholdRule("eer")),
        (" DCF ", ThresholdRule("dcf")),
        ("fmr=0.01", ThresholdRule("fmr", 0.01)),
        ("FMR = 1e-3", ThresholdRule("fmr", 0.001)),
        ("0.25", ThresholdRule("score", 0.25)),
        ("-3", ThresholdRule("score", -3.0)),
    ],
)
def test_reads_what_people_write(text: str, expected: ThresholdRule) -> None:
    # NaN values differ from themselves.
    assert repr(parse_threshold(text)) == repr(expected)


@pytest.mark.parametrize("text", ["", "best", "fmr", "fmr=", "fmr=low", "=0.1", "eer=0.1", "0,5"])
def test_says_what_it_wants_when_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match="is none of eer, dcf, fmr=RATE or a number"):
        parse_threshold(text)


@pytest.mark.parametrize("text", ["fmr=0", "fmr=1", "fmr=-0.1", "fmr=nan"])
def test_a_false_match_rate_lies_between_0_and_1(text: str) -> None:
    with pytest.raises(ValueError, match="a false match rate lies between 0 and 1"):
        parse_threshold(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_given_threshold_is_finite(text: str) -> None:
    with pytest.raises(ValueError, match="threshold: must be a finite number"):
        parse_threshold(text)


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(ValueError, match="is none of eer, dcf, fmr, score"):
        ThresholdRule("far", 0.1)  # type: ignore[arg-type]


def test_rules_speak() -> None:
    assert str(ThresholdRule("fmr", 0.001)) == "that accepts 0.1 % of all non-target trials"
    assert str(ThresholdRule("score", 2.5)) == "given as 2.5"
    assert str(ThresholdRule()) == "of equal error over all trials"
    assert str(ThresholdRule("dcf")) == "of least detection cost over all trials"


def test_only_a_score_is_given() -> None:
    assert ThresholdRule("score", 0.0).is_given
    assert not any(
        rule.is_given for rule in (ThresholdRule(), ThresholdRule("dcf"), ThresholdRule("fmr", 0.1))
    )
