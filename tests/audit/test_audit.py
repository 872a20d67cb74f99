import doctest
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from svfair.audit import AuditSettings, Note, audit, audit_trials, check_attributes_of
from svfair.errors import InputError
from svfair.metrics import OperatingPoint, Resampling, Settings, evaluate, make_trial_set
from svfair.tables import Rejected
from svfair.trials import ScoredTrials

QUICK = AuditSettings(resampling=Resampling(replicates=20, permutations=10))


def test_the_example_of_the_documentation_holds() -> None:
    found = doctest.testmod(importlib.import_module("svfair.audit.audit"))
    assert (found.failed, found.attempted > 5) == (0, True)


def test_answers_are_those_of_the_evaluation(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    genders = list(own.genders.values())
    table = pl.DataFrame({"speaker_id": list(own.genders), "gender": genders, "age": list(range(20, 32))})
    shared = {"operating_point": OperatingPoint(0.01), "rule": "any"}
    result = audit(*own.columns, table, QUICK, by=["gender", "age:26"], system="mine", **shared)
    ages = {name: "under 26" if number < 6 else "26 and over" for number, name in enumerate(own.genders)}
    expected = evaluate(
        make_trial_set(*own.columns),
        {"gender": own.genders, "age:26": ages},
        Settings(resampling=QUICK.resampling, **shared),  # type: ignore[arg-type]
        system="mine",
    )
    assert result.attributes == ("gender", "age:26")
    assert result.overall["eer"].to_list() == [expected.overall.errors.eer]
    assert result.by_group("age:26")["group"].to_list() == ["under 26", "26 and over"]
    for name in result.attributes:
        groups = expected.attribute(name).groups
        assert result.by_group(name)["eer"].to_list() == [group.errors.eer for group in groups]
        assert result.gap(name)["value"][0] == expected.attribute(name).spreads["eer"].gap
    for ask in (result.by_group, result.gap):
        with pytest.raises(KeyError, match="country"):
            ask("country")


def test_gender_and_region_are_audited_unless_told_otherwise_and_with_intervals(
    make_scored: Callable[..., Any],
) -> None:
    own = make_scored()
    speakers = {
        name: {"gender": gender, "country": "USA", "a*b": "x"} for name, gender in own.genders.items()
    }
    result = audit(*own.columns, speakers)
    assert result.attributes == ("gender", "country_region")
    resampling = result.evaluation.settings.resampling
    assert resampling is not None
    assert (resampling.replicates, resampling.permutations) == (1000, 1000)
    assert "eer_low" in result.overall.columns
    with pytest.raises(
        InputError, match="by sex: no such attribute 'sex'; the speakers have gender"
    ) as error:
        audit(*own.columns, speakers, by="sex")
    assert error.value.parameter == "by"
    assert error.value.named({"by": "--by"}).startswith("--by sex: no such attribute")


def test_without_gender_and_country_what_parts_speakers_into_groups_is_audited(
    make_scored: Callable[..., Any],
) -> None:
    own = make_scored()
    speakers = {
        f"s{number:02d}": {"accent": "ab"[number % 2], "name": f"n{number}"} for number in range(12)
    } | {f"x{number}": {"accent": "a", "name": f"m{number}"} for number in range(12)}
    assert audit(*own.columns, speakers, resampling=None).attributes == ("accent",)


def test_genders_are_made_uniform_in_python_as_on_the_command_line(make_scored: Callable[..., Any]) -> None:
    own = make_scored(trials=4000)
    spelled = {"female": ("F", "woman"), "male": ("M", "Male")}
    speakers = {
        name: {"gender": spelled[gender][number // 2 % 2]}
        for number, (name, gender) in enumerate(own.genders.items())
    }
    assert len({one["gender"] for one in speakers.values()}) == 4
    settings = AuditSettings(resampling=None, minimum_speakers=2)
    spelled_out = audit(*own.columns, own.speakers, settings)
    result = audit(*own.columns, speakers, settings)
    assert result.by_group("gender")["group"].to_list() == ["male", "female"]
    assert result.gap("gender").equals(spelled_out.gap("gender"))
    assert result.gap("gender")["value"][0] > 0


def test_a_score_file_and_arrays_are_audited_alike(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    table = pl.DataFrame({"enrol": own.enrol, "test": own.test, "is_target": own.labels, "score": own.scores})
    trials = ScoredTrials(
        Path("s.csv"), "f" * 64, table, own.enrol, own.test, "l" * 64, Rejected(2, ("x",), 1)
    )
    speakers = pl.DataFrame({"speaker_id": list(own.genders)[1:], "gender": list(own.genders.values())[1:]})
    found = audit_trials(trials, speakers, QUICK, system="mine")
    again = audit(*own.columns, speakers, QUICK, system="mine")
    assert found.evaluation.pooled_threshold == again.evaluation.pooled_threshold
    for name in found.attributes:
        assert found.by_group(name).equals(again.by_group(name))
        assert found.gap(name).equals(again.gap(name))
    assert found.by_group("gender")["group"].to_list() == ["male", "female", "unknown"]
    (source,) = found.sources
    assert (source.name, source.trials, source.file_sha256) == ("s.csv", 2000, "f" * 64)
    unknown = Note("speakers_unknown", 1, 12)
    rejected = Note("lines_rejected", 2, examples=("x",))
    assert found.notes == (rejected, Note("trials_unscored", 1), unknown)
    assert again.notes == (unknown,)


def test_trials_that_do_not_share_an_attribute_are_left_out_and_counted(
    make_scored: Callable[..., Any],
) -> None:
    own = make_scored()
    table = pl.DataFrame({"enrol": own.enrol, "test": own.test, "is_target": own.labels, "score": own.scores})
    trials = ScoredTrials(Path("s.csv"), "f", table, own.enrol, own.test, "l", Rejected())
    speakers = pl.DataFrame({"speaker_id": list(own.genders), "gender": list(own.genders.values())})
    settings = AuditSettings(resampling=None, same=("gender",), by=("gender",))
    found = audit_trials(trials, speakers, settings, system="x")
    crossing = sum(own.genders[a] != own.genders[b] for a, b in zip(own.enrol, own.test, strict=True))
    assert found.notes == (Note("trials_not_same", crossing, 2000, attribute="gender"),)
    assert found.evaluation.attribute("gender").trials_outside == 0
    alone = speakers.with_columns(own=pl.col("speaker_id"))
    with pytest.raises(InputError, match=r"leaves no target or no non-target trials in s\.csv") as error:
        audit_trials(trials, alone, replace(settings, same=("own",)), system="x")
    assert error.value.parameter == "same"
    strangers = speakers.with_columns(speaker_id=pl.col("speaker_id") + "x")
    with pytest.raises(InputError, match="none of its 12 speakers is in the metadata, the first is 's00'"):
        audit_trials(trials, strangers, replace(settings, same=()), system="x")


def test_speakers_may_be_numbers_on_either_side() -> None:
    random = np.random.default_rng(0)
    enrol = random.integers(8, size=800)
    test = np.where(random.random(800) < 0.5, enrol, random.integers(8, size=800))
    labels, scores = enrol == test, random.normal(size=800)
    speakers = {number: {"parity": "even" if number % 2 == 0 else "odd"} for number in range(8)}
    result = audit(scores, labels, enrol, test, speakers, QUICK)  # type: ignore[arg-type]
    assert result.by_group("parity")["group"].to_list() == ["even", "odd"]
    table = pl.DataFrame({"score": scores, "label": labels, "enrol": enrol, "test": test})
    again = audit(*table.iter_columns(), speakers, QUICK)  # type: ignore[arg-type]
    assert again.overall.equals(result.overall)


def test_systems_are_compared_on_the_same_trials(make_scored: Callable[..., Any]) -> None:
    own, other = make_scored(0), make_scored(1)
    first = audit(*own.columns, own.speakers, QUICK)
    second = audit(own.scores + own.labels, *own.columns[1:], own.speakers, QUICK)
    found = first.compare(second).filter(pl.col("of") == "overall", pl.col("rate") == "eer")
    assert found["difference"][0] == second.overall["eer"][0] - first.overall["eer"][0] < 0
    with pytest.raises(ValueError, match="differ in their trials"):
        first.compare(audit(*other.columns, own.speakers, QUICK))


def test_a_notebook_shows_names_as_text_not_as_html(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    speakers = {name: {"<b>&": f"<script>{gender}"} for name, gender in own.genders.items()}
    html = audit(*own.columns, speakers, QUICK, system="<i>system")._repr_html_()
    for text in ("<b>", "<script>", "<i>"):
        assert text not in html
    for text in ("&lt;i&gt;system", "&lt;b&gt;&amp;", "&lt;script&gt;f"):
        assert text in html
    assert "eer_low" in html
    assert "ratio_to_overall" in html


def test_attributes_are_checked_before_there_are_scores() -> None:
    speakers = pl.DataFrame({"speaker_id": ["a"], "gender": ["f"], "age": ["30"]})
    check_attributes_of(speakers, AuditSettings(by=("gender*age:30",), same=("gender",), stratify="age"))
    for name, settings in {
        "by": AuditSettings(by=("shoe",)),
        "same": AuditSettings(same=("shoe",)),
        "stratify": AuditSettings(stratify="shoe"),
    }.items():
        with pytest.raises(InputError, match=f"{name} shoe: no such attribute 'shoe'") as error:
            check_attributes_of(speakers, settings)
        assert error.value.parameter == name


def test_settings_take_a_name_or_several_once_each() -> None:
    assert AuditSettings(by="gender").by == ("gender",)  # type: ignore[arg-type]
    assert AuditSettings(same=["a", "b", "a"]).same == ("a", "b")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="minimum_targets: must be at least 1, not 0"):
        AuditSettings(minimum_targets=0)
