import time
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.audio import read_crop
from svfair.errors import InputError
from svfair.loading import CropDataset, SpeakerBalancedBatches
from svfair.manifests import read_manifest


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
    with pytest.raises(InputError, match=r"^speakers_per_batch: a batch needs 9 speakers, but there are 8"):
        SpeakerBalancedBatches(make_table(8, 1, 2), speakers_per_batch=9, utterances_per_speaker=2, seed=0)


def test_dataset_reads_what_was_planned(tones: Path) -> None:
    manifest = read_manifest(tones)
    batches = SpeakerBalancedBatches(manifest.table, speakers_per_batch=3, utterances_per_speaker=2, seed=5)
    item = CropDataset(manifest, batches, seconds=0.5)[7]
    plan = batches.plan(7)
    assert item["waveforms"].shape == (6, 8000)
    assert item["labels"].tolist() == plan.labels.tolist()
    assert item["rows"].tolist() == plan.rows.tolist()
    expected = read_crop(manifest.recording(int(plan.rows[4])), plan.positions[4], 0.5)
    np.testing.assert_array_equal(item["waveforms"][4].numpy(), expected)


def plan_naively(
    table: pl.DataFrame, step: int, speakers_per_batch: int, utterances_per_speaker: int, seed: int
) -> tuple[list[int], list[int], list[float]]:
    """The batches as they were first drawn: what a seed gives stays as it is."""
    speakers = sorted(set(table["speaker_id"]))
    number, part = divmod(step, len(speakers) // speakers_per_batch)
    order = np.random.default_rng([seed, 0, number]).permutation(len(speakers))
    chosen = order[part * speakers_per_batch : (part + 1) * speakers_per_batch]
    random = np.random.default_rng([seed, 1, step])
    rows: list[int] = []
    for speaker in chosen:
        own = [row for row, name in enumerate(table["speaker_id"]) if name == speakers[speaker]]
        shuffled = [own[place] for place in random.permutation(len(own))]
        sessions = [table["session_id"][row] for row in shuffled]
        before = [sessions[:i].count(session) for i, session in enumerate(sessions)]
        ranked = [shuffled[i] for i in sorted(range(len(own)), key=lambda i: before[i])]
        rows += [ranked[i % len(ranked)] for i in range(utterances_per_speaker)]
    return rows, np.repeat(chosen, utterances_per_speaker).tolist(), random.random(len(rows)).tolist()


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.tuples(st.sampled_from("zebra"), st.sampled_from("xyw")), min_size=5, max_size=60),
    utterances=st.integers(2, 5),
    seed=st.integers(0, 100),
    step=st.integers(0, 9),
)
def test_batches_of_a_seed_stay_as_they_were(
    names: list[tuple[str, str]], utterances: int, seed: int, step: int
) -> None:
    names = [*names, ("z", "x"), ("e", "x")]
    table = pl.DataFrame(names, schema=["speaker_id", "session_id"], orient="row")
    plan = SpeakerBalancedBatches(
        table, speakers_per_batch=2, utterances_per_speaker=utterances, seed=seed
    ).plan(step)
    rows, labels, positions = plan_naively(table, step, 2, utterances, seed)
    assert plan.rows.tolist() == rows
    assert plan.labels.tolist() == labels
    assert plan.positions.tolist() == positions


@pytest.mark.slow
def test_a_million_rows_are_planned_fast_and_in_little_memory() -> None:
    rows = np.random.default_rng(0).permutation(1_200_000)
    # One speaker has 50,000 utterances, as in Common Voice; seven thousand share the rest.
    speaker = np.where(rows < 50_000, 0, 1 + rows % 7000)
    table = pl.DataFrame({"speaker": speaker, "session": rows // 10}).select(
        speaker_id=pl.format("id{}", "speaker"), session_id=pl.format("video{}", "session")
    )
    tracemalloc.start()
    began = time.perf_counter()
    batches = SpeakerBalancedBatches(table, speakers_per_batch=200, utterances_per_speaker=2, seed=0)
    for step in range(40):  # more than a pass: the large speaker is among them
        plan = batches.plan(step)
        assert len(plan.rows) == 400
    seconds = time.perf_counter() - began
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 20
    assert kept < 20 * len(rows)
    assert peak < 60 * len(rows)
