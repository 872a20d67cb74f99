"""The door of an audit in Python checks as much as the command does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from svfair.audit import Audit, AuditSettings, Note, audit
from svfair.cli.main import app
from svfair.errors import InputError
from svfair.metrics import Settings

SPEAKERS = "speakers that cannot be told"
LABELS = "labels that contradict the speakers"

QUICK = AuditSettings(resampling=None, minimum_speakers=2, minimum_targets=10)


@pytest.fixture
def numbered(make_scored: Callable[..., Any]) -> tuple[Any, Any, Any, Any, dict[int, dict[str, str]]]:
    """Trials whose speakers are the numbers 100 to 111."""
    own = make_scored()
    enrol, test = (np.array([100 + int(name[1:]) for name in side]) for side in (own.enrol, own.test))
    speakers = {100 + int(name[1:]): {"gender": gender} for name, gender in own.genders.items()}
    return own.scores, own.labels, enrol, test, speakers


@pytest.mark.parametrize("side", [np.int32, np.float64, lambda ids: [str(one) for one in ids], list, iter])
@pytest.mark.parametrize("key", [int, float, str, np.int64, np.float32])
def test_speakers_are_the_same_in_any_type(numbered: Any, side: Any, key: Any) -> None:
    scores, labels, enrol, test, speakers = numbered
    expected = audit(*numbered, QUICK)
    assert expected.by_group("gender")["group"].to_list() == ["male", "female"]
    keyed = {key(speaker): own for speaker, own in speakers.items()}
    frame = pl.DataFrame(
        {"speaker_id": [float(one) for one in speakers], "gender": [g["gender"] for g in speakers.values()]}
    )
    for known in (keyed, frame):
        found = audit(scores, labels, side(enrol), side(test), known, QUICK)
        assert found.by_group("gender").equals(expected.by_group("gender"))
        assert found.notes == ()


@pytest.mark.fault(SPEAKERS)
def test_speakers_of_whom_nobody_is_known_are_refused(numbered: Any) -> None:
    *trials, speakers = numbered
    strangers = {f"id{speaker}": own for speaker, own in speakers.items()}
    with pytest.raises(InputError) as error:
        audit(*trials, strangers, QUICK)
    assert str(error.value) == (
        "none of the 12 speakers of the trials, such as '100', is in speakers, which has 12, such as "
        "'id100'; call them by the same names"
    )
    with pytest.raises(InputError, match="is in speakers, which is empty; call them by the same names"):
        audit(*trials, {}, QUICK)


@pytest.mark.fault(SPEAKERS)
@pytest.mark.parametrize(
    ("speakers", "message"),
    [
        ([{"gender": "f"}], "must be a data frame, or a mapping of speaker to attributes, not list"),
        ("meta.csv", "must be a data frame, or a mapping of speaker to attributes, not str"),
        (None, "must be a data frame, or a mapping of speaker to attributes, not NoneType"),
        ({100: "f", 101: "m"}, "'100' has 'f', not a mapping such as {'gender': 'female'}"),
        ({100: {"gender": "f"}, None: {}}, "row 2: speaker_id: 'None' is no id of a speaker"),
        ({100: {"gender": ["f", "m"]}}, "row 1: gender: '['f', 'm']' is not one value"),
        ({100: {"gender": "f"}, "100": {}}, "two rows for one speaker_id, '100'; give one row a speaker"),
        ({100: {}, np.float64("nan"): {}}, "row 2: speaker_id: 'nan' is no id of a speaker"),
        (pl.DataFrame({"id": [1]}), "no column speaker_id; found id"),
        (pl.DataFrame({"speaker_id": ["a", ""]}), "row 2: speaker_id: '' is no id of a speaker"),
        (pl.DataFrame({"speaker_id": [1, 1]}), "two rows for one speaker_id, '1'; give one row a speaker"),
    ],
)
def test_says_what_is_wrong_with_speakers(numbered: Any, speakers: Any, message: str) -> None:
    *trials, _ = numbered
    with pytest.raises(InputError) as error:
        audit(*trials, speakers, QUICK)
    assert str(error.value) == f"speakers: {message}"


@pytest.mark.fault("a setting of another type")
@pytest.mark.parametrize("settings", [Settings(), {"by": "gender"}, "gender"])
def test_settings_of_another_type_are_refused(numbered: Any, settings: Any) -> None:
    with pytest.raises(InputError, match=r"^settings: must be AuditSettings, not (Settings|dict|str)$"):
        audit(*numbered, settings)


def test_an_accent_of_its_own_is_that_of_the_letter(numbered: Any) -> None:
    *trials, speakers = numbered
    speakers = {key: {"town": ("Zo\u00eb", "Zoe\u0308")[key % 2]} for key in speakers}
    assert audit(*trials, speakers, QUICK).by_group("town")["group"].to_list() == ["Zo\u00eb"]


@pytest.mark.parametrize("missing", [None, float("nan"), "", np.float64("nan"), "unknown", "N/A"])
def test_genders_that_nobody_knows_are_one_group(numbered: Any, missing: Any) -> None:
    *trials, speakers = numbered
    speakers = speakers | {100: {"gender": missing}, 101: {"gender": missing}, 102: {}}
    found = audit(*trials, speakers, QUICK).by_group("gender")
    assert dict(found.select("group", "speakers").rows()) == {"male": 5, "female": 4, "unknown": 3}


@pytest.mark.fault(LABELS)
def test_labels_the_wrong_way_round_are_refused_as_by_the_command(numbered: Any, tmp_path: Path) -> None:
    scores, labels, enrol, test, speakers = numbered
    with pytest.raises(InputError) as error:
        audit(scores, ~labels, enrol, test, speakers, QUICK)
    count = int((~labels).sum())
    assert str(error.value).startswith(
        f"labels: {count:,} of {count:,} target trials are between two speakers, "
    )
    assert str(error.value).endswith("; a label is true or 1 where both are one speaker")
    lines = [
        f"{int(not label)} {a}/x {b}/y {s}"
        for label, a, b, s in zip(labels, enrol, test, scores, strict=True)
    ]
    (tmp_path / "s.txt").write_text("\n".join(dict.fromkeys(lines)))
    (tmp_path / "m.csv").write_text("speaker_id,gender\n" + "".join(f"{one},f\n" for one in speakers))
    run = CliRunner().invoke(app, ["audit", str(tmp_path / "s.txt"), "--speakers", str(tmp_path / "m.csv")])
    assert run.exit_code == 2


@pytest.mark.fault(LABELS)
def test_a_few_contradictions_are_told_and_count_as_they_are_labelled(numbered: Any) -> None:
    scores, labels, enrol, test, speakers = numbered
    labels = labels.copy()
    crossed, of_one = np.flatnonzero(~labels)[:3], np.flatnonzero(labels)[:5]
    labels[crossed], labels[of_one] = True, False
    found: Audit = audit(scores, labels, enrol, test, speakers, QUICK)
    assert found.notes == (Note("targets_of_two_speakers", 3), Note("non_targets_of_one_speaker", 5))
    assert found.overall["targets"].item() == labels.sum()


@pytest.mark.fault("scores or labels of another shape or type")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": lambda s: s[:, None]}, "one number a trial, not the shapes (2000, 1) and (2000,)"),
        ({"scores": lambda s: np.where(np.arange(2000) == 4, np.nan, s)}, "first is nan of trial 5"),
        ({"labels": lambda labels: labels + 1}, "labels: must be true or false, or 1 or 0"),
        ({"labels": lambda labels: labels[:-1]}, "not the shapes (2000,) and (1999,)"),
        ({"enrol": lambda e: e[:-1]}, "differ in length (2000, 2000, 1999 and 2000)"),
        (
            {"enrol": lambda e: e[:, None]},
            "enrol: must be a list with one value a trial, not ndarray of shape",
        ),
        ({"test": lambda t: "id10001"}, "test: must be a list with one value a trial, not str"),
        ({"test": lambda t: [None, *t[1:]]}, "test: trial 1: 'None' is no id of a speaker"),
    ],
)
def test_says_what_is_wrong_with_trials(numbered: Any, change: dict[str, Any], message: str) -> None:
    given = dict(zip(("scores", "labels", "enrol", "test", "speakers"), numbered, strict=True))
    given |= {name: make(given[name]) for name, make in change.items()}
    with pytest.raises(InputError) as error:
        audit(**given, settings=QUICK)
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
