import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from svfair.audit import AuditSettings, audit_systems, system_names
from svfair.errors import InputError
from svfair.manifests import read_attributes
from svfair.metrics import Resampling
from svfair.trials import ScoreFiles, files, read_trial_list


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
    speakers = read_attributes(public_scores / "vox1_meta.csv")
    path = public_scores / "resnetse34v2_H-eval_scores.csv"
    for rule in ("enrol", "both"):
        settings = AuditSettings(rule=rule, resampling=None)  # type: ignore[arg-type]
        (found,) = audit_systems([("V2", [path])], speakers, settings, ScoreFiles(), same_trials=False)
        evaluation = found.evaluation
        assert found.notes == ()
        assert percent(evaluation.overall.errors.eer) == 2.40
        gender = evaluation.attribute("gender")
        assert [percent(gender.group(g).errors.eer) for g in ("male", "female")] == [2.29, 2.56]
        region = evaluation.attribute("country_region")
        assert [percent(region.group(g).errors.eer) for g in ("US", "UK", "other")] == [1.96, 2.35, 3.73]
        assert evaluation.overall.errors.targets + evaluation.overall.errors.non_targets == 550_894
        assert gender.trials_outside == region.trials_outside == 0


@pytest.mark.slow
def test_second_public_system(public_scores: Path) -> None:
    speakers = read_attributes(public_scores / "vox1_meta.csv")
    path = public_scores / "resnetse34l_H-eval_scores.csv"
    settings = AuditSettings(by=("Set", "gender"), resampling=None)
    (found,) = audit_systems([("L", [path])], speakers, settings, ScoreFiles(), same_trials=False)
    assert percent(found.evaluation.overall.errors.eer) == 4.37
    assert {group.name for group in found.evaluation.attribute("Set").groups} == {"dev", "test"}
    (source,) = found.sources
    assert (source.name, source.trials) == (path.name, 550_894)
    assert source.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def scored(tmp_path: Path) -> Callable[..., Path]:
    """Write scores of one list of trials between eight speakers, without labels when a list has them."""
    random = np.random.default_rng(0)
    enrol = random.integers(8, size=400)
    test = np.where(random.random(400) < 0.5, enrol, random.integers(8, size=400))

    def write(name: str, ease: float, *, with_labels: bool = True) -> Path:
        table = pl.DataFrame(
            {
                "enrol": [f"s{who}/{row}.wav" for row, who in enumerate(enrol)],
                "test": [f"s{who}/{row + 1}.wav" for row, who in enumerate(test)],
                "label": (enrol == test).astype(int),
                "score": random.normal(size=400) + ease * (enrol == test),
            }
        )
        table.select("label", "enrol", "test").write_csv(
            tmp_path / "trials.txt", separator=" ", include_header=False
        )
        (table if with_labels else table.drop("label")).write_csv(tmp_path / name)
        return tmp_path / name

    return write


SPEAKERS = pl.DataFrame(
    {"speaker_id": [f"s{number}" for number in range(8)], "gender": ["F", "m", "woman", "Male"] * 2}
)
PLAIN = AuditSettings(resampling=None, minimum_speakers=2, minimum_targets=10)


def test_a_trial_list_is_read_once_for_all_systems_and_seeds(
    scored: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [scored(f"{name}.csv", 2.0, with_labels=False) for name in "abcd"]
    read: list[Path] = []
    original = files.read_records

    def counted(path: Path, *given: Any) -> Any:
        read.append(path)
        return original(path, *given)

    monkeypatch.setattr(files, "read_records", counted)
    trials = paths[0].with_name("trials.txt")
    systems = [("one", paths[:2]), ("two", paths[2:])]
    found = audit_systems(
        systems, SPEAKERS, PLAIN, ScoreFiles(trials=read_trial_list(trials)), same_trials=True
    )
    assert read.count(trials) == 1
    assert len(read) == 5
    assert [audit.evaluation.seeds for audit in found] == [2, 2]
    assert [len(audit.sources) for audit in found] == [2, 2]
    hashes = {source.list_sha256 for audit in found for source in audit.sources}
    assert len(hashes) == 1


def test_seeds_of_a_system_must_be_of_one_list_and_systems_where_asked(scored: Callable[..., Path]) -> None:
    one, other = scored("a.csv", 2.0), scored("b.csv", 2.0)
    pl.read_csv(other)[3:].write_csv(other)
    for systems, same_trials in (([("x", [one, other])], False), ([("x", [one]), ("y", [other])], True)):
        with pytest.raises(InputError, match="lacks 3 trials of"):
            audit_systems(systems, SPEAKERS, PLAIN, ScoreFiles(), same_trials=same_trials)
    found = audit_systems([("x", [one]), ("y", [other])], SPEAKERS, PLAIN, ScoreFiles(), same_trials=False)
    assert [audit.sources[0].trials for audit in found] == [400, 397]


def test_what_is_resampled_is_told(scored: Callable[..., Path]) -> None:
    begun: list[str] = []
    done: list[int] = []

    def progress(label: str) -> Callable[[int], None]:
        begun.append(label)
        return done.append

    settings = replace(PLAIN, resampling=Resampling(20, 10))
    paths = [scored("a.csv", 2.0), scored("b.csv", 2.5)]
    audit_systems([("x", paths)], SPEAKERS, settings, ScoreFiles(), same_trials=True, progress=progress)
    assert begun == ["x, a.csv", "x, b.csv"]
    assert sum(done) == 2 * (20 + 10)


def test_systems_are_named_after_their_files() -> None:
    paths = [Path("a/scores.csv.gz"), Path("b/scores.csv.gz")]
    assert system_names(paths) == ["a/scores", "b/scores"]
    assert system_names(paths[:1]) == ["scores"]
    assert system_names(paths, ["one", "two"]) == ["one", "two"]
    for names, message in ((["one"], "1 names for 2 score files"), (["one", "one"], "same name")):
        with pytest.raises(InputError, match=message) as error:
            system_names(paths, names)
        assert error.value.parameter == "name"
