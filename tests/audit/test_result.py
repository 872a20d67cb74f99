import doctest
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from svfair.metrics import OperatingPoint, Resampling, evaluate
from svfair.audit import audit

QUICK = Resampling(replicates=20, permutations=10)


def test_the_example_of_the_documentation_holds() -> None:
    found = doctest.testmod(importlib.import_module("svfair.audit.result"))
    assert (found.failed, found.attempted > 5) == (0, True)


def test_answers_are_those_of_the_evaluation(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0, trials=2000)
    table = pl.DataFrame(
        {"speaker_id": list(own.groups), "gender": list(own.groups.values()), "age": list(range(20, 32))}
    )
    settings = {"system": "mine", "operating_point": OperatingPoint(0.01), "rule": "any"}
    result = audit(*own.columns, table, by=["gender", "age:26"], resampling=QUICK, **settings)
    ages = {name: "under 26" if number < 6 else "26 and over" for number, name in enumerate(own.groups)}
    expected = evaluate(
        *own.columns,
        {"gender": own.groups, "age:26": ages},
        resampling=QUICK,
        **settings,  # type: ignore[arg-type]
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


def test_every_column_is_audited_unless_told_otherwise_and_with_intervals(
    make_trials: Callable[..., Any],
) -> None:
    own = make_trials(0)
    speakers = {name: {"gender": group, "a*b": "x"} for name, group in own.groups.items()}
    result = audit(*own.columns, speakers)
    assert result.attributes == ("gender", "a*b")
    assert (result.evaluation.resampling["replicates"], result.evaluation.resampling["permutations"]) == (
        1000,
        1000,
    )
    assert "eer_low" in result.overall.columns
    with pytest.raises(ValueError, match="no such attribute 'sex'; the speakers have gender"):
        audit(*own.columns, speakers, by=["sex"])


def test_speakers_may_be_numbers_on_either_side() -> None:
    random = np.random.default_rng(0)
    enrol = random.integers(8, size=800)
    test = np.where(random.random(800) < 0.5, enrol, random.integers(8, size=800))
    labels, scores = enrol == test, random.normal(size=800)
    speakers = {number: {"parity": "even" if number % 2 == 0 else "odd"} for number in range(8)}
    result = audit(scores, labels, enrol, test, speakers, resampling=QUICK)  # type: ignore[arg-type]
    assert result.by_group("parity")["group"].to_list() == ["even", "odd"]
    table = pl.DataFrame({"score": scores, "label": labels, "enrol": enrol, "test": test})
    again = audit(*table.iter_columns(), speakers, resampling=QUICK)  # type: ignore[arg-type, misc]
    assert again.overall.equals(result.overall)


def test_systems_are_compared_on_the_same_trials(make_trials: Callable[..., Any]) -> None:
    own, other = make_trials(0), make_trials(1)
    speakers = {name: {"gender": group} for name, group in own.groups.items()}
    first = audit(*own.columns, speakers, resampling=QUICK)
    second = audit(own.scores + own.is_target, *own.columns[1:], speakers, resampling=QUICK)
    found = first.compare(second).filter(pl.col("of") == "overall", pl.col("rate") == "eer")
    assert found["difference"][0] == second.overall["eer"][0] - first.overall["eer"][0] < 0
    with pytest.raises(ValueError, match="differ in their trials"):
        first.compare(audit(*other.columns, speakers, resampling=QUICK))


def test_a_notebook_shows_names_as_text_not_as_html(make_trials: Callable[..., Any]) -> None:
    own = make_trials(0, trials=3000)
    speakers = {name: {"<b>&": f"<script>{group}"} for name, group in own.groups.items()}
    html = audit(*own.columns, speakers, system="<i>system", resampling=QUICK)._repr_html_()
    for text in ("<b>", "<script>", "<i>"):
        assert text not in html
    for text in ("&lt;i&gt;system", "&lt;b&gt;&amp;", "&lt;script&gt;f"):
        assert text in html
    assert "eer_low" in html
    assert "ratio_to_overall" in html


def test_metrics_load_without_data_frames_or_torch() -> None:
    script = (
        "import sys, svfair.metrics;"
        "print([name for name in ('polars', 'torch', 'sklearn', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
