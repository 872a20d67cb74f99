from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests import hold_out_speakers
from svfair.training import Recipe, open_run, read_speakers_of
from svfair.training.split import strata_of_split

Make = Callable[..., Recipe]


def speakers(count: int = 60) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "speaker_id": [f"s{number:02d}" for number in range(count)],
            "gender": ["female" if number % 6 == 0 else "male" for number in range(count)],
            "country_region": [("US", "UK", "other")[number % 3] for number in range(count)],
            "age": [str(20 + number) for number in range(count)],
            "height": [None if number % 7 else "tall" for number in range(count)],
        }
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("gender", "country_region")),
        ({"evaluation.by": []}, ("gender", "country_region")),
        ({"evaluation.by": ["height"]}, ("height",)),
        ({"evaluation.by": ["gender*country_region", "gender"]}, ("gender", "country_region")),
        ({"evaluation.by": ["gender", "age", "age:30,50", "shoe"]}, ("gender",)),
        ({"evaluation.by": ["gender"], "data.stratify": ["height"]}, ("height",)),
        ({"evaluation.by": ["gender"], "data.stratify": []}, ()),
    ],
)
def test_the_split_is_by_what_is_reported_unless_told_otherwise(
    make: Make, fields: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert strata_of_split(make(fields), speakers()) == expected


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Three women and 27 men, without audio to look at."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = ["utterance_id,path,speaker_id,session_id,duration_s,gender"]
    rows += [
        f"{name}-{session},{name}-{session}.wav,{name},{name}-{session},1,{'f' if number < 3 else 'm'}"
        for number, name in enumerate(f"s{place:02d}" for place in range(30))
        for session in "ab"
    ]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


@pytest.fixture(autouse=True)
def _no_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svfair.training.evaluation.check_audio", lambda manifest: None)


def test_rare_groups_are_on_both_sides_for_every_seed(make: Make, manifest: Path) -> None:
    fields = {"data.manifest": manifest, "evaluation.by": ["gender"], "data.held_out_share": 0.3}
    for seed in range(10):
        found = read_speakers_of(make(fields | {"seed": seed}))
        genders = Counter(found.held_out.speakers()["gender"])
        assert genders == {"female": 1, "male": 8}
    # As it was: not for every seed.
    fields |= {"data.stratify": []}
    held_out = [read_speakers_of(make(fields | {"seed": seed})).held_out.speakers() for seed in range(10)]
    assert {Counter(one["gender"])["female"] for one in held_out} != {1}


def test_an_empty_list_draws_as_it_always_did(make: Make, manifest: Path) -> None:
    fields = {"data.manifest": manifest, "evaluation.by": ["gender"], "data.stratify": [], "seed": 5}
    found = read_speakers_of(make(fields))
    _, held_out = hold_out_speakers(
        found.training.speakers().vstack(found.held_out.speakers()), share=0.3, seed=5
    )
    assert sorted(set(found.held_out.table["speaker_id"])) == held_out


@pytest.mark.fault("run resumed with other held-out speakers")
def test_a_run_of_then_is_resumed_with_its_own_split_or_not_at_all(make: Make, tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", make({"data.stratify": []}), resume=False)
    text = run.config.read_text()
    assert "stratify: []" in text
    assert open_run(tmp_path / "run", make({"data.stratify": []}), resume=True).recipe().data.stratify == ()
    with pytest.raises(InputError) as caught:
        open_run(tmp_path / "run", make(), resume=True)
    assert str(caught.value) == (
        f"{tmp_path / 'run'}: holds a run with data.stratify=[], not None; resume with the recipe that it "
        "was started with, or name another folder"
    )


@pytest.mark.fault("trials of speakers that were trained on")
@pytest.mark.parametrize(("trained", "held_out"), [("Zoë", "Zoë"), ("Zo\u00eb", "Zoe\u0308")])
def test_a_speaker_on_both_sides_is_refused_in_any_spelling(
    make: Make, tmp_path: Path, trained: str, held_out: str
) -> None:
    paths = []
    for side, name in (("training", trained), ("held-out", held_out)):
        path = tmp_path / f"{side}.csv"
        rows = "".join(f"{side}{n},{n}.wav,{who},{n},1,f\n" for n, who in enumerate((name, f"{side}-other")))
        path.write_text("utterance_id,path,speaker_id,session_id,duration_s,gender\n" + rows)
        paths.append(path)
    with pytest.raises(InputError) as caught:
        read_speakers_of(make({"data.manifest": paths[0], "data.held_out_manifest": paths[1]}))
    assert str(caught.value) == (
        f"{paths[1]}: 1 speakers are in the training manifest too, the first is '{held_out}'; held-out "
        "speakers must be others"
    )
