"""Training batches as a function of seed and step alone: a resumed run sees what it would have seen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import Tensor
from torch.utils.data import Dataset

from svfair.audio.reading import Waveform, read_crop
from svfair.errors import InputError, Parameter
from svfair.loading.augmentation import Augmentation
from svfair.manifests.manifest import Manifest

# Each kind of draw has a stream of its own, so that none changes when another does.
_ORDER, _CROPS = 0, 1


@dataclass(frozen=True)
class BatchPlan:
    """What goes into one batch, speaker by speaker.

    Parameters
    ----------
    rows
        Rows of the manifest, int64 (speakers * utterances,).
    labels
        Number of the speaker of each row, int64, same shape.
    positions
        Where each crop lies in its file, in [0, 1), float64, same shape.
    """

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    positions: npt.NDArray[np.float64]


class SpeakerBalancedBatches:
    """Batches of P speakers with K utterances each.

    Every pass over the speakers is a permutation of them, cut into batches; the remainder that does not
    fill a batch is left out of that pass. A speaker's K utterances come from different sessions as far as
    it has them, then repeat sessions, and repeat utterances only when it has fewer than K.

    Parameters
    ----------
    table
        Manifest table with `speaker_id` and `session_id`.
    speakers_per_batch, utterances_per_speaker
        P and K.
    seed
        Of all draws.

    Raises
    ------
    InputError
        When there are fewer speakers than a batch needs.
    """

    def __init__(
        self, table: pl.DataFrame, *, speakers_per_batch: int, utterances_per_speaker: int, seed: int
    ) -> None:
        # Flat arrays, a speaker's rows side by side: an object a row would cost a large corpus its memory,
        # and again in every worker.
        ordered = (
            table.select("speaker_id", pl.col("session_id").rank("dense").alias("session"))
            .with_row_index("row")
            .sort("speaker_id", maintain_order=True)
        )
        counted = ordered.group_by("speaker_id", maintain_order=True).len()
        self.speakers: list[str] = counted["speaker_id"].to_list()
        if len(self.speakers) < speakers_per_batch:
            there = f"but there are {len(self.speakers)} to train on; set it lower"
            raise InputError(
                Parameter("speakers_per_batch"), f": a batch needs {speakers_per_batch} speakers, {there}"
            )
        self._rows = ordered["row"].to_numpy().astype(np.int64)
        self._sessions = ordered["session"].to_numpy().astype(np.int64)
        self._starts = np.concatenate([[0], counted["len"].to_numpy()]).cumsum().astype(np.int64)
        self.speakers_per_batch = speakers_per_batch
        self.utterances_per_speaker = utterances_per_speaker
        self.seed = seed

    def plan(self, step: int) -> BatchPlan:
        """Return the batch of a step, counted from 0."""
        per_pass = len(self.speakers) // self.speakers_per_batch
        number, part = divmod(step, per_pass)
        order = np.random.default_rng([self.seed, _ORDER, number]).permutation(len(self.speakers))
        chosen = order[part * self.speakers_per_batch : (part + 1) * self.speakers_per_batch]
        random = np.random.default_rng([self.seed, _CROPS, step])
        rows = np.concatenate([self._utterances(speaker, random) for speaker in chosen])
        return BatchPlan(
            rows=rows,
            labels=np.repeat(chosen, self.utterances_per_speaker).astype(np.int64),
            positions=random.random(len(rows)),
        )

    def _utterances(self, speaker: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
        own = slice(self._starts[speaker], self._starts[speaker + 1])
        rows, sessions = self._rows[own], self._sessions[own]
        shuffled = random.permutation(len(rows))
        # The first utterance of each session goes first, then the second of each.
        ordered = rows[shuffled[np.argsort(_count_before(sessions[shuffled]), kind="stable")]]
        return np.resize(ordered, self.utterances_per_speaker)


def _count_before(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many equal values stand before each value."""
    order = np.argsort(values, kind="stable")
    first = np.flatnonzero(np.diff(values[order], prepend=values.min() - 1))
    counts = np.diff(first, append=len(values))
    before = np.empty(len(values), dtype=np.int64)
    before[order] = np.arange(len(values)) - np.repeat(first, counts)
    return before


class CropDataset(Dataset[dict[str, Tensor]]):
    """The batch of each step, read from disk: index it with a step, load it with `batch_size=None`.

    An item has `waveforms` float32 (batch, samples), `labels` int64 (batch,) and `rows` int64 (batch,).

    Parameters
    ----------
    manifest
        What the batches are drawn from.
    batches
        Which rows go into which step.
    seconds, sample_rate
        Of each crop.
    augmentation
        None for crops as they were recorded.
    """

    def __init__(
        self,
        manifest: Manifest,
        batches: SpeakerBalancedBatches,
        *,
        seconds: float,
        sample_rate: int = 16000,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.manifest = manifest
        self.batches = batches
        self.seconds = seconds
        self.sample_rate = sample_rate
        self.augmentation = augmentation

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        plan = self.batches.plan(step)
        if self.augmentation is None:
            # Filled crop by crop: each crop's own memory is used again for the next.
            waveforms = np.empty((len(plan.rows), round(self.seconds * self.sample_rate)), dtype=np.float32)
            for number in range(len(waveforms)):
                waveforms[number] = self._crop(plan, number, self.seconds)
            return _item(torch.from_numpy(waveforms), plan.labels, plan.rows)
        augmentation = self.augmentation
        speeds = augmentation.speeds(step, plan.labels)
        # Faster speech needs more of the recording to fill the crop.
        crops = [
            self._crop(plan, number, self.seconds * augmentation.factor(int(speed)))
            for number, speed in enumerate(speeds)
        ]
        augmented = augmentation.augment(step, crops, speeds, round(self.seconds * self.sample_rate))
        return _item(augmented, augmentation.relabel(plan.labels, speeds), plan.rows)

    def _crop(self, plan: BatchPlan, number: int, seconds: float) -> Waveform:
        recording = self.manifest.recording(int(plan.rows[number]))
        return read_crop(recording, plan.positions[number], seconds, sample_rate=self.sample_rate)


def _item(waveforms: Tensor, labels: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> dict[str, Tensor]:
    return {"waveforms": waveforms, "labels": torch.from_numpy(labels), "rows": torch.from_numpy(rows)}
