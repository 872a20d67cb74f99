"""A run is resumed on the data that it was started on, or not at all."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests import read_manifest
from svfair.training import Interrupted, Recipe, complete_run, open_run, plan_run, train
from svfair.training.data_record import DataRecord

CHANGED = pytest.mark.fault("manifests that changed since the run began")
Make = Callable[..., Recipe]
Change = Callable[[pl.DataFrame], pl.DataFrame]


def value(column: str, new: Any, where: str = "s1-0-0") -> Change:
    return lambda table: table.with_columns(
        pl.when(pl.col("utterance_id") == where).then(pl.lit(new)).otherwise(column).alias(column)
    )


def another_speaker(table: pl.DataFrame) -> pl.DataFrame:
    renamed = table.filter(pl.col("speaker_id") == "s1").with_columns(
        pl.col("utterance_id").str.replace("s1", "s9"), speaker_id=pl.lit("s9")
    )
    return pl.concat([table, renamed])


CHANGES: list[tuple[Change, str]] = [
    (another_speaker, "1 were added (the first is 's9')"),
    (lambda table: table.filter(pl.col("speaker_id") != "s3"), "1 are missing (the first is 's3')"),
    (
        lambda table: another_speaker(table).filter(~pl.col("speaker_id").is_in(["s0", "s3"])),
        "1 were added (the first is 's9'), 2 are missing (the first is 's0')",
    ),
    (
        lambda table: table.filter(~pl.col("utterance_id").is_in(["s2-0-0", "s5-1-1"])),
        "2 have other utterances (the first is 's2')",
    ),
    (value("path", "audio/s2-0-0.flac"), "1 have other utterances (the first is 's1')"),
    (value("session_id", "s1-9"), "1 have other utterances (the first is 's1')"),
    (value("duration_s", 0.5), "1 have other utterances (the first is 's1')"),
    (value("utterance_id", "new"), "1 have other utterances (the first is 's1')"),
    (
        value("speaker_id", "s2"),
        "2 have other utterances (the first is 's1')",
    ),
    (lambda table: table.reverse(), "8 have other utterances (the first is 's0')"),
]


@CHANGED
@pytest.mark.parametrize(("change", "differs"), CHANGES)
def test_another_manifest_is_refused_and_what_differs_named(
    tmp_path: Path, listed: Path, change: Change, differs: str
) -> None:
    record = DataRecord(tmp_path / "run" / "data.json")
    record.path.parent.mkdir()
    record.check({"training": read_manifest(listed)})
    record.check({"training": read_manifest(listed)})
    before = record.path.read_bytes()
    change(pl.read_csv(listed)).write_csv(listed)
    with pytest.raises(InputError) as caught:
        record.check({"training": read_manifest(listed)})
    assert str(caught.value) == (
        f"{listed}: is not what {record.path.parent} was started with; of its training speakers {differs}; "
        "resume with the manifest of then, or train in another folder"
    )
    assert record.path.read_bytes() == before


def test_attributes_and_the_order_of_speakers_may_change(tmp_path: Path, listed: Path) -> None:
    record = DataRecord(tmp_path / "data.json")
    record.check({"training": read_manifest(listed)})
    table = pl.read_csv(listed).with_columns(gender=pl.lit("female"), age=3)
    table.sort("speaker_id", descending=True, maintain_order=True).write_csv(listed)
    record.check({"training": read_manifest(listed)})


@CHANGED
def test_the_groups_of_an_oracle_belong_to_the_data(tmp_path: Path, listed: Path) -> None:
    record = DataRecord(tmp_path / "data.json")
    record.check({"training": read_manifest(listed)}, "gender")
    pl.read_csv(listed).with_columns(gender=pl.lit("female")).write_csv(listed)
    with pytest.raises(InputError, match=r"4 have other utterances \(the first is 's0'\)"):
        record.check({"training": read_manifest(listed)}, "gender")


def test_parts_are_written_down_as_they_come(tmp_path: Path, listed: Path) -> None:
    record = DataRecord(tmp_path / "data.json")
    manifest = read_manifest(listed)
    record.check({"training": manifest.of_speakers(["s0", "s1"])})
    record.check({"held_out": manifest.of_speakers(["s2"])})
    content = json.loads(record.path.read_text())
    assert {name: sorted(part) for name, part in content.items()} == {
        "training": ["s0", "s1"],
        "held_out": ["s2"],
    }
    assert content["training"]["s0"].startswith("4 ")
    with pytest.raises(InputError, match=r"of its held-out speakers 1 were added \(the first is 's3'\)"):
        record.check({"held_out": manifest.of_speakers(["s2", "s3"])})


@pytest.mark.fault("run folders that are damaged")
@pytest.mark.parametrize("content", [b"{", b"[]", b'{"training": 3}', b'{"training": {"s0": 1}}', b"\xff"])
def test_a_damaged_record_is_told(tmp_path: Path, listed: Path, content: bytes) -> None:
    record = DataRecord(tmp_path / "data.json")
    record.path.write_bytes(content)
    with pytest.raises(InputError, match=r"data\.json: .*; remove it to resume without this check"):
        record.check({"training": read_manifest(listed)})


RECIPE = {"data.held_out_share": 0.5, "data.speakers_per_batch": 3, "evaluation.by": ["gender"]}


@pytest.mark.slow
@CHANGED
@pytest.mark.parametrize(
    "change", [another_speaker, lambda table: table.filter(pl.col("speaker_id") != "s3")]
)
@pytest.mark.parametrize("loss", ["aam_softmax", "pair_logistic"])
def test_no_speaker_that_was_trained_on_becomes_held_out(
    tmp_path: Path, tones: Path, make: Make, interrupted_after: Any, change: Change, loss: str
) -> None:
    recipe = make(RECIPE | {"data.manifest": tones, "objective.loss": loss})
    out = tmp_path / "run"
    with interrupted_after(4), suppress(Interrupted):
        complete_run(recipe, out, resume=False)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    whole = tones.read_bytes()
    change(pl.read_csv(tones)).write_csv(tones)
    with pytest.raises(InputError, match=r"is not what .*run was started with; of its training speakers"):
        complete_run(recipe, out, resume=True)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    tones.write_bytes(whole)
    assert complete_run(recipe, out, resume=True, evaluate=False) is None


def test_an_older_run_folder_is_resumed_with_a_note(
    tmp_path: Path, tones: Path, make: Make, interrupted_after: Any
) -> None:
    recipe = make(RECIPE | {"data.manifest": tones})
    out = tmp_path / "run"
    with interrupted_after(4), suppress(Interrupted):
        complete_run(recipe, out, resume=False)
    (out / "data.json").unlink()
    said: list[str] = []
    complete_run(recipe, out, resume=True, evaluate=False, tell=said.append)
    note = f"{out / 'data.json'}: is not there, so that nothing tells whether the manifest is that of then."
    assert said.count(note) == 1
    assert not (out / "data.json").exists()


@CHANGED
def test_python_is_refused_too(tmp_path: Path, tones: Path, make: Make, interrupted_after: Any) -> None:
    run = open_run(tmp_path / "run", make(), resume=False)
    with interrupted_after(4):
        train(plan_run(make(), read_manifest(tones)), run, progress=False)
    value("session_id", "s1-9")(pl.read_csv(tones)).write_csv(tones)
    with pytest.raises(InputError, match=r"of its training speakers 1 have other utterances"):
        train(plan_run(make(), read_manifest(tones)), run, progress=False)
