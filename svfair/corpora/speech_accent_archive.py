"""The Speech Accent Archive (Weinberger, George Mason University): one paragraph, many accents of English.

Everybody is recorded once. To have trials all the same, each recording is cut: different sentences from its
two halves, and every cut through a random channel and codec of its own, so that the recording itself does
not tell who speaks. A figure from it is about voices within a day and a room, and has to say so.
"""

import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import soundfile
from rich.console import Console

from svfair.corpora.channel import apply_channel, draw_channel
from svfair.corpora.codec import CODECS, pass_codec
from svfair.corpora.parallel import run_jobs
from svfair.corpora.parameters import open_folder
from svfair.data.audio import read_audio
from svfair.data.manifest import write_manifest
from svfair.data.speakers import with_gender
from svfair.data.tables import read_table
from svfair.errors import InputError

SAMPLE_RATE = 16000
_SHORTEST_S, _CUT_FROM_S, _CUT_UNTIL_S = 2.0, 3.0, 5.0
_FRAME_S = 0.01
_COLUMNS = ("filename", "sex", "country", "native_language", "age", "birthplace")


@dataclass(frozen=True)
class Prepared:
    """What was made: the manifest, and the recordings that were left out with the reason."""

    manifest: Path
    speakers: int
    utterances: int
    rejected: dict[str, str]


@dataclass(frozen=True)
class _Recording:
    number: int
    speaker_id: str
    path: Path
    seed: int


def prepare(
    source: Path, out: Path, *, seed: int = 0, workers: int = 2, console: Console | None = None
) -> Prepared:
    """Cut the archive's recordings into utterances.

    Parameters
    ----------
    source
        Folder with `speakers_all.csv` and `recordings/`, in any format that libsndfile reads.
    out
        Folder to fill: FLAC at 16 kHz, `manifest.csv`, `speakers.csv`, `rejected.csv`. An interrupted
        preparation goes on.
    seed
        Of channels and codecs.
    workers
        Processes.
    console
        Where the bar goes.

    Raises
    ------
    InputError
        When the source is not laid out like this, no recording can be used, or `out` holds something else.
    """
    table = _read_speakers(source)
    files = {path.stem: path for path in sorted((source / "recordings").glob("*.*"))}
    present = [name for name in table["filename"] if name in files]
    if not present:
        raise InputError(f"{source / 'recordings'}: holds no recording of a speaker in speakers_all.csv")
    open_folder(out, {"corpus": "speech-accent-archive", "seed": seed, "recordings": len(present)})
    recordings = [
        _Recording(number, name, files[name], seed)
        for number, name in enumerate(table["filename"])
        if name in files
    ]
    missing = [r for r in recordings if not (out / "audio" / r.speaker_id).is_dir()]
    reasons = run_jobs(
        functools.partial(cut, folder=out / "audio"),
        missing,
        title="Cutting recordings",
        workers=workers,
        finished=len(recordings) - len(missing),
        console=console,
    )
    rejected = {name: "no recording" for name in table["filename"] if name not in files}
    rejected |= {name: reason for name, reason in reasons if reason}
    write_manifest(
        pl.DataFrame({"recording": list(rejected), "reason": list(rejected.values())}), out / "rejected.csv"
    )
    kept = [r.speaker_id for r in recordings if r.speaker_id not in rejected]
    if not kept:
        raise InputError(f"{source}: no recording can be used; {out / 'rejected.csv'} says why")
    utterances = pl.concat([_rows(speaker, out) for speaker in kept])
    manifest = utterances.join(table, left_on="speaker_id", right_on="filename", how="left")
    write_manifest(table.rename({"filename": "speaker_id"}), out / "speakers.csv")
    write_manifest(manifest, out / "manifest.csv")
    return Prepared(
        out / "manifest.csv",
        manifest["speaker_id"].n_unique(),
        manifest.height,
        dict(sorted(rejected.items())),
    )


def cut(recording: _Recording, folder: Path) -> tuple[str, str]:
    """Cut one recording, whole or not at all; return its speaker and why it was rejected, if it was."""
    try:
        waveform = read_audio(recording.path, sample_rate=SAMPLE_RATE)
    except InputError as error:
        return recording.speaker_id, str(error)
    halves = [find_cuts(waveform, half) for half in (0, 1)]
    if not all(halves):
        return recording.speaker_id, f"too short: {len(waveform) / SAMPLE_RATE:.1f} s"
    random = np.random.default_rng([recording.seed, recording.number])
    unfinished = folder / f"{recording.speaker_id}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for half, cuts in enumerate(halves):
        for number, (start, end) in enumerate(cuts):
            piece = apply_channel(waveform[start:end], draw_channel(random), random, SAMPLE_RATE)
            piece = pass_codec(piece, str(random.choice(CODECS)), SAMPLE_RATE)
            soundfile.write(unfinished / f"{half}-{number:02d}.flac", piece, SAMPLE_RATE, subtype="PCM_16")
    unfinished.rename(folder / recording.speaker_id)
    return recording.speaker_id, ""


def find_cuts(waveform: npt.NDArray[np.float32], half: int) -> list[tuple[int, int]]:
    """Cut a half of a recording at its quietest moments into pieces of three to five seconds.

    Parameters
    ----------
    waveform
        Shape (samples,), at 16 kHz.
    half
        0 or 1. The halves meet at the quietest moment of the middle fifth.

    Returns
    -------
    list of (int, int)
        Start and end of each piece, in samples; none shorter than two seconds.
    """
    frame = round(_FRAME_S * SAMPLE_RATE)
    frames = len(waveform) // frame
    if not frames:
        return []
    power = np.mean(waveform[: frames * frame].reshape(frames, frame).astype(np.float64) ** 2, axis=1)
    # A pause lasts; a stop consonant does not: smooth over a fifth of a second.
    power = np.convolve(power, np.ones(20) / 20, mode="same")
    speech = np.flatnonzero(power > power.max() * 1e-3)
    if not len(speech):
        return []
    first, last = int(speech[0]), int(speech[-1]) + 1
    fifth = (last - first) // 5
    middle = first + 2 * fifth + int(np.argmin(power[first + 2 * fifth : first + 3 * fifth + 1]))
    start, end = (first, middle) if half == 0 else (middle, last)
    shortest, soonest, latest = (round(s / _FRAME_S) for s in (_SHORTEST_S, _CUT_FROM_S, _CUT_UNTIL_S))
    cuts = []
    while end - start >= shortest:
        stop = end
        if end - start > latest:
            stop = start + soonest + int(np.argmin(power[start + soonest : start + latest]))
        cuts.append((start * frame, stop * frame))
        start = stop
    return cuts


def _read_speakers(source: Path) -> pl.DataFrame:
    file = source / "speakers_all.csv"
    if not file.is_file() or not (source / "recordings").is_dir():
        raise InputError(
            f"{source}: not the Speech Accent Archive; it holds speakers_all.csv and a folder recordings"
        )
    table = read_table(file)
    absent = [name for name in _COLUMNS if name not in table.columns]
    if absent:
        raise InputError(f"{file}: no column '{absent[0]}'; found {', '.join(table.columns)}")
    table = with_gender(table.select(_COLUMNS).rename({"sex": "gender"}))
    native = pl.when(pl.col("native_language") == "english").then(pl.lit("native"))
    return table.with_columns(english=native.otherwise(pl.lit("non-native"))).unique(
        "filename", keep="first", maintain_order=True
    )


def _rows(speaker: str, out: Path) -> pl.DataFrame:
    files = sorted((out / "audio" / speaker).glob("*.flac"))
    return pl.DataFrame(
        {
            "utterance_id": [f"{speaker}-{file.stem}" for file in files],
            "path": [f"audio/{speaker}/{file.name}" for file in files],
            "speaker_id": speaker,
            "session_id": [f"{speaker}-{file.stem[0]}" for file in files],
            "duration_s": [round(soundfile.info(file).duration, 3) for file in files],
        }
    )
