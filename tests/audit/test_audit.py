import importlib.util
from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.audit.audit import Settings, audit_scores, read_audit_speakers, system_names


@pytest.fixture
def public_scores() -> Path:
    """Scores of two public ResNets on VoxCeleb1-H, from the data files of an optional package."""
    found = importlib.util.find_spec("bt4vt")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs the score files of bt4vt: make audit-data")
    return Path(found.submodule_search_locations[0]) / "data"


def percent(value: float) -> float:
    return round(100 * value, 2)


def test_public_system_has_the_errors_that_were_computed_elsewhere(public_scores: Path) -> None:
    # Nearest-point EERs by the enrolment speaker, computed outside this project: interpolation moves the
    # second decimal of none of them.
    speakers = read_audit_speakers(public_scores / "vox1_meta.csv")
    path = public_scores / "resnetse34v2_H-eval_scores.csv"
    for rule in ("enrol", "both"):
        found = audit_scores(path, speakers, Settings(rule=rule), system="V2")  # type: ignore[arg-type]
        evaluation = found.evaluation
        assert found.unknown_speakers == 0
        assert percent(evaluation.overall.errors.eer) == 2.40
        gender = evaluation.attribute("gender")
        assert [percent(gender.group(g).errors.eer) for g in ("male", "female")] == [2.29, 2.56]
        region = evaluation.attribute("country_region")
        assert [percent(region.group(g).errors.eer) for g in ("US", "UK", "other")] == [1.96, 2.35, 3.73]
        assert evaluation.overall.errors.targets + evaluation.overall.errors.non_targets == 550_894
        assert gender.trials_outside == region.trials_outside == 0


def test_second_public_system(public_scores: Path) -> None:
    speakers = read_audit_speakers(public_scores / "vox1_meta.csv")
    path = public_scores / "resnetse34l_H-eval_scores.csv"
    found = audit_scores(path, speakers, Settings(by=("Set", "gender")), system="L")
    assert percent(found.evaluation.overall.errors.eer) == 4.37
    assert {group.name for group in found.evaluation.attribute("Set").groups} == {"dev", "test"}
    assert "550,894 trials, SHA-256" in found.facts["scores of L"]


def test_systems_are_named_after_their_files() -> None:
    paths = [Path("a/scores.csv.gz"), Path("b/scores.csv.gz")]
    assert system_names(paths, []) == ["a/scores", "b/scores"]
    assert system_names(paths[:1], []) == ["scores"]
    assert system_names(paths, ["one", "two"]) == ["one", "two"]
    for names, message in ((["one"], "1 names for 2 score files"), (["one", "one"], "same name")):
        with pytest.raises(InputError, match=message):
            system_names(paths, names)
