from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.data.audio import read_crop
from svfair.data.batches import CropDataset, SpeakerBalancedBatches
from svfair.data.manifest import read_manifest
from svfair.errors import InputError


def make_table(speakers: int, sessions: int, utterances: int) -> pl.DataFrame:
    rows = [
        {"speaker_id": f"s{s:02d}", "session_id": f"s{s:02d}-{i}"}
        for s in range(speakers)
        for i in range(sessions)
        for _ in range(utterances)
    ]
    return pl.DataFrame(rows)


@settings(max_examples=40, deadline=None)
@given(
    speakers=st.integers(2, 9),
    per_batch=st.integers(2, 9),
    utterances=st.integers(2, 5),
    sessions=st.integers(1, 4),
    each=st.integers(1, 3),
    seed=st.integers(0, 100),
)
def test_batches_are_balanced(
    speakers: int, per_batch: int, utterances: int, sessions: int, each: int, seed: int
) -> None:
    per_batch = min(per_batch, speakers)
    table = make_table(speakers, sessions, each)
    settings_ = {"speakers_per_batch": per_batch, "utterances_per_speaker": utterances, "seed": seed}
    batches, again = SpeakerBalancedBatches(table, **settings_), SpeakerBalancedBatches(table, **settings_)
    per_pass = speakers // per_batch
    seen: list[int] = []
    for step in range(per_pass):
        plan, repeated = batches.plan(step), again.plan(step)
        np.testing.assert_array_equal(plan.rows, repeated.rows)
        np.testing.assert_array_equal(plan.positions, repeated.positions)
        labels = plan.labels.reshape(per_batch, utterances)
        assert (labels == labels[:, :1]).all()
        seen += labels[:, 0].tolist()
        for rows, label in zip(plan.rows.reshape(per_batch, utterances), labels[:, 0], strict=True):
            assert table["speaker_id"][rows.tolist()].unique().to_list() == [batches.speakers[label]]
            distinct = table["session_id"][rows.tolist()].n_unique()
            assert distinct == min(sessions, utterances)
            assert len(set(rows.tolist())) == min(sessions * each, utterances)
        assert ((plan.positions >= 0) & (plan.positions < 1)).all()
    assert len(set(seen)) == len(seen) == per_pass * per_batch


def test_steps_passes_and_seeds_differ() -> None:
    table = make_table(8, 2, 4)
    plans = [
        SpeakerBalancedBatches(table, speakers_per_batch=4, utterances_per_speaker=2, seed=seed).plan(step)
        for seed in (0, 1)
        for step in range(4)
    ]
    assert len({plan.rows.tobytes() for plan in plans}) == 8


def test_too_few_speakers_are_named() -> None:
    with pytest.raises(
        InputError, match=r"data.speakers_per_batch: a batch needs 9 speakers, but there are 8"
    ):
        SpeakerBalancedBatches(make_table(8, 1, 2), speakers_per_batch=9, utterances_per_speaker=2, seed=0)


def test_dataset_reads_what_was_planned(tones: Path) -> None:
    manifest = read_manifest(tones)
    batches = SpeakerBalancedBatches(manifest.table, speakers_per_batch=3, utterances_per_speaker=2, seed=5)
    item = CropDataset(manifest, batches, seconds=0.5)[7]
    plan = batches.plan(7)
    assert item["waveforms"].shape == (6, 8000)
    assert item["labels"].tolist() == plan.labels.tolist()
    assert item["rows"].tolist() == plan.rows.tolist()
    expected = read_crop(manifest.paths()[plan.rows[4]], plan.positions[4], 0.5)
    np.testing.assert_array_equal(item["waveforms"][4].numpy(), expected)
