"""Crops per second into training: svfair's loader against SpeechBrain's DynamicItemDataset.

    python benchmarks/loading.py
    python benchmarks/loading.py --workers 2 --rounds 9

The same files (8 s, one channel, 16 kHz), the same crops of 2 s, the same batch size and number of workers.
SpeechBrain reads whole files with its own `read_audio` and crops them in a pipeline; svfair seeks to the
crop. All systems take turns in every round; the median and the ratio to SpeechBrain on the same format are
printed. Files lie in the page cache: what is measured is the processor's work. Members of a packed archive
are read whole, and then decoded in part.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import soundfile
import speechbrain as sb
import torch
from m4a_decoding import RATE, encode, voice
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader

from svfair.audio import write_shard
from svfair.loading import CropDataset, SpeakerBalancedBatches
from svfair.manifests import Manifest

SPEAKERS, FILES_EACH, FILE_S, CROP_S = 40, 4, 8.0, 2.0
UTTERANCES = 2
BATCH = SPEAKERS * UTTERANCES


def write_tree(root: Path, suffix: str) -> pl.DataFrame:
    """Write the files of one format, and return the manifest's table."""
    rows = []
    for number in range(SPEAKERS * FILES_EACH):
        speaker, session = f"id{number // FILES_EACH:03d}", f"video{number}"
        path = root / suffix / speaker / session / f"00001.{suffix}"
        path.parent.mkdir(parents=True)
        wave = voice(FILE_S, seed=number)
        if suffix == "m4a":
            path.write_bytes(encode(wave))
        else:
            soundfile.write(path, wave, RATE, subtype="PCM_16")
        rows.append((number, str(path.relative_to(root)), speaker, session))
    return pl.DataFrame(rows, schema=["utterance_id", "path", "speaker_id", "session_id"], orient="row")


def pack(table: pl.DataFrame, root: Path, suffix: str) -> pl.DataFrame:
    places = write_shard(
        root / f"{suffix}.tar", ((path, (root / path).read_bytes()) for path in table["path"])
    )
    offsets, sizes = zip(*places, strict=True)
    return table.with_columns(
        path=pl.lit(f"{suffix}.tar"),
        byte_offset=pl.Series(offsets, dtype=pl.Int64),
        byte_size=pl.Series(sizes, dtype=pl.Int64),
    )


def svfair_loader(table: pl.DataFrame, root: Path, workers: int, batches: int) -> Iterable[Any]:
    plan = SpeakerBalancedBatches(
        table, speakers_per_batch=SPEAKERS, utterances_per_speaker=UTTERANCES, seed=0
    )
    dataset = CropDataset(Manifest(table, root, root), plan, seconds=CROP_S)
    return DataLoader(dataset, batch_size=None, sampler=range(batches), num_workers=workers)


def speechbrain_loader(table: pl.DataFrame, root: Path, workers: int, batches: int) -> Iterable[Any]:
    generator = np.random.default_rng(0)
    # A format that it does not know fails here rather than in a worker.
    sb.dataio.dataio.read_audio(str(root / table["path"][0]))
    rows = {
        str(number): {"wav": str(root / path), "speaker": speaker}
        for number, (path, speaker) in enumerate(
            table.sample(BATCH * batches, with_replacement=True, seed=0)
            .select("path", "speaker_id")
            .iter_rows()
        )
    }
    length = round(CROP_S * RATE)

    @sb.utils.data_pipeline.takes("wav")
    @sb.utils.data_pipeline.provides("sig")
    def crop(wav: str) -> torch.Tensor:
        whole = sb.dataio.dataio.read_audio(wav)
        start = int(generator.integers(0, len(whole) - length + 1))
        return whole[start : start + length]

    dataset = sb.dataio.dataset.DynamicItemDataset(rows, [crop], output_keys=["id", "sig"])
    return sb.dataio.dataloader.make_dataloader(dataset, batch_size=BATCH, num_workers=workers)


def crops_per_second(loader: Iterable[Any], batches: int) -> float:
    began = time.perf_counter()
    seen = 0
    for batch in loader:
        waveforms = batch["waveforms"] if isinstance(batch, dict) else batch.sig.data
        assert waveforms.shape == (BATCH, round(CROP_S * RATE))
        seen += len(waveforms)
    assert seen == BATCH * batches
    return seen / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=0, help="processes that read; 0: this one")
    parser.add_argument("--batches", type=int, default=6, help="batches of 80 crops in each round")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    workers, batches = arguments.workers, arguments.batches
    console = Console()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        systems: dict[tuple[str, str], Callable[[], Iterable[Any]]] = {}
        for suffix in ("flac", "wav", "m4a"):
            table = write_tree(root, suffix)
            packed = pack(table, root, suffix)

            def add(name: str, make: Callable[..., Iterable[Any]], table: pl.DataFrame, suffix: str) -> None:
                systems[suffix, name] = lambda: make(table, root, workers, batches)

            add("SpeechBrain", speechbrain_loader, table, suffix)
            add("svfair", svfair_loader, table, suffix)
            add("svfair, packed", svfair_loader, packed, suffix)
        speeds: dict[tuple[str, str], list[float]] = {}
        for number in range(arguments.rounds + 1):
            for key in list(systems):
                try:
                    speed = crops_per_second(systems[key](), batches)
                except Exception as error:  # what a peer cannot read, it cannot be measured on
                    if key[1] != "SpeechBrain":
                        raise
                    del systems[key]
                    reason = str(error).strip().splitlines()[-1]
                    console.print(f"{key[0]}: SpeechBrain left out: {reason}", highlight=False)
                    continue
                if number:  # the first round warms up
                    speeds.setdefault(key, []).append(speed)
    show(speeds, workers, arguments.rounds, console)


def show(speeds: dict[tuple[str, str], list[float]], workers: int, rounds: int, console: Console) -> None:
    table = Table(title=f"Crops per second, {workers} workers: median (range) of {rounds} rounds")
    for heading in ("format", "loader", "crops/s", "range", "ratio to SpeechBrain"):
        table.add_column(heading, justify="left" if heading in ("format", "loader") else "right")
    for (suffix, name), found in speeds.items():
        peer = speeds.get((suffix, "SpeechBrain"))
        ratio = "-"
        if peer is not None:  # round by round: a noisy machine meets both alike
            ratio = f"{statistics.median(a / b for a, b in zip(found, peer, strict=True)):.2f}"
        table.add_row(
            suffix,
            name,
            f"{statistics.median(found):.0f}",
            f"{min(found):.0f} to {max(found):.0f}",
            ratio,
        )
    console.print(table)


if __name__ == "__main__":
    main()
