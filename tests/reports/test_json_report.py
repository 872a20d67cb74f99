"""The report for programs keeps to its published schema, whatever was measured."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from svfair.audit import Audit, Note, Source
from svfair.audit.notes import NoteKind
from svfair.metrics import Resampling, Settings, evaluate, make_trial_set
from svfair.reports.json_report import SCHEMA_VERSION, to_json

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())


def measured(system: str, ease: float, resampling: Resampling | None, speakers: int = 12) -> Audit:
    random = np.random.default_rng(0)
    names = [f"s{number}" for number in range(speakers)]
    enrol = random.choice(names, 900)
    test = np.where(random.random(900) < 0.5, enrol, random.choice(names, 900))
    target = enrol == test
    scores = random.normal(size=900) + ease * target
    evaluation = evaluate(
        make_trial_set(scores, target, enrol.tolist(), test.tolist()),
        {"gender": {name: ("male", "female", None)[number % 3] for number, name in enumerate(names)}},
        Settings(minimum_speakers=2, minimum_targets=10, resampling=resampling),
        system=system,
    )
    source = Source("scores.csv", 900, "a" * 64, "b" * 64)
    return Audit(evaluation, (source,), tuple(Note(kind, 3, 12) for kind in get_args(NoteKind)))


FEW = Resampling(replicates=40, permutations=30)


@pytest.mark.parametrize("resampling", [None, FEW])
@pytest.mark.parametrize("ease", [2.0, 50.0])
def test_it_keeps_to_the_schema(resampling: Resampling | None, ease: float) -> None:
    systems = [measured("a", 2.0, resampling), measured("b", ease, resampling)]
    for chosen in (systems[:1], systems):
        content = json.loads(json.dumps(to_json(chosen), allow_nan=False))
        Draft202012Validator(SCHEMA).validate(content)
        assert content["schema"] == SCHEMA_VERSION
        assert len(content["comparisons"]) == (len(chosen) - 1 if resampling else 0)


def test_the_schema_is_one_and_says_no_to_what_it_does_not_know() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    content = json.loads(json.dumps(to_json([measured("a", 2.0, None)])))
    content["systems"][0]["surprise"] = 1
    assert not Draft202012Validator(SCHEMA).is_valid(content)


def test_comparisons_carry_the_difference_of_what_the_systems_have() -> None:
    content = to_json([measured("a", 1.5, FEW), measured("b", 2.5, FEW)])
    (comparison,) = content["comparisons"]
    for change in comparison["changes"]:
        if change["difference"] is not None:
            assert change["difference"] == pytest.approx(change["other_value"] - change["baseline_value"])
    kinds = {(change["attribute"], change["group"], change["measure"]) for change in comparison["changes"]}
    assert {(None, "overall", None), ("gender", "female", None), ("gender", None, "gap")} <= kinds


def test_a_program_need_not_read_sentences() -> None:
    (system,) = to_json([measured("a", 2.0, FEW)])["systems"]
    assert system["inputs"] == [
        {"name": "scores.csv", "trials": 900, "file_sha256": "a" * 64, "list_sha256": "b" * 64}
    ]
    assert [note["kind"] for note in system["notes"]] == list(get_args(NoteKind))
    assert {(note["count"], note["of"]) for note in system["notes"]} == {(3, 12)}
    assert all(note["text"].endswith(".") for note in system["notes"])
    assert system["settings"]["threshold"] == {"criterion": "eer", "value": None}
    assert system["settings"]["resampling"]["speakers"] == 12
    assert to_json([measured("a", 2.0, None)])["systems"][0]["settings"]["resampling"] is None
