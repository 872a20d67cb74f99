"""Milliseconds to decode MPEG-4 audio: svfair (PyAV) against torchcodec and the ffmpeg command.

    python benchmarks/m4a_decoding.py
    python benchmarks/m4a_decoding.py --rounds 51 --seconds 20

A file is made (16 kHz, one channel, AAC, as in VoxCeleb2), and read as a whole and as a crop of two seconds
from a place that changes each time. What is installed takes turns in the same rounds, and the median is
printed; what is not is named with the reason. torchcodec needs FFmpeg's libraries beside it.
"""

import argparse
import io
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from svfair.audio import read_audio, read_crop

RATE = 16000
CROP_S = 2.0

# Whole file; crop that begins at a second.
Reader = tuple[Callable[[], npt.NDArray[np.float32]], Callable[[float], npt.NDArray[np.float32]]]


def voice(seconds: float, seed: int = 0) -> npt.NDArray[np.float64]:
    """Return a voice-like sound: harmonics that rise and fall, and some breath."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * time_s)) / RATE
    harmonics = sum(np.sin(phase * harmonic) / harmonic for harmonic in range(1, 25))
    breath = 0.005 * np.random.default_rng(seed).standard_normal(len(time_s))
    wave: npt.NDArray[np.float64] = 0.1 * harmonics * (1 + np.sin(2 * np.pi * 3 * time_s)) + breath
    return wave


def encode(wave: npt.NDArray[np.float64]) -> bytes:
    """Return the content of an m4a file."""
    content = io.BytesIO()
    with av.open(content, "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono", bit_rate=64000)
        frame = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for part in (frame, None):
            container.mux(stream.encode(part))
    return content.getvalue()


def svfair_reader(path: Path, seconds: float) -> Reader:
    return lambda: read_audio(path), lambda start: read_crop(path, start / (seconds - CROP_S), CROP_S)


def torchcodec_reader(path: Path) -> Reader:
    from torchcodec.decoders import AudioDecoder  # type: ignore[import-not-found]

    def crop(start: float) -> npt.NDArray[np.float32]:
        samples = AudioDecoder(path).get_samples_played_in_range(start, start + CROP_S)
        wave: npt.NDArray[np.float32] = samples.data[0].numpy()
        return wave

    return lambda: AudioDecoder(path).get_all_samples().data[0].numpy(), crop


def command_reader(path: Path) -> Reader:
    if shutil.which("ffmpeg") is None:
        raise OSError("no such command")

    def run(*place: str) -> npt.NDArray[np.float32]:
        words = [
            "ffmpeg",
            "-v",
            "error",
            *place,
            "-i",
            str(path),
            "-ac",
            "1",
            "-ar",
            str(RATE),
            "-f",
            "f32le",
        ]
        return np.frombuffer(
            subprocess.run([*words, "-"], check=True, capture_output=True).stdout, np.float32
        )

    return run, lambda start: run("-ss", f"{start:.6f}", "-t", str(CROP_S))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of the file")
    parser.add_argument("--rounds", type=int, default=31)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.m4a"
        path.write_bytes(encode(voice(arguments.seconds)))
        makers: dict[str, Callable[[], Reader]] = {
            "svfair (PyAV)": lambda: svfair_reader(path, arguments.seconds),
            "torchcodec": lambda: torchcodec_reader(path),
            "ffmpeg command": lambda: command_reader(path),
        }
        readers: dict[str, Reader] = {}
        for name, make in makers.items():
            try:
                readers[name] = make()
            except (ImportError, OSError, RuntimeError) as error:
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                console.print(f"{name}: left out: {reason}", highlight=False)
        measure(readers, arguments.seconds, arguments.rounds, console)


def measure(readers: dict[str, Reader], seconds: float, rounds: int, console: Console) -> None:
    starts = np.random.default_rng(1).uniform(0, seconds - CROP_S, rounds + 1)
    times: dict[tuple[str, str], list[float]] = {}
    for number, start in enumerate(starts):
        for name, (whole, crop) in readers.items():
            for what, read in (("whole", whole), ("crop", partial(crop, start))):
                began = time.perf_counter()
                samples = read()
                elapsed = 1000 * (time.perf_counter() - began)
                wanted = round((seconds if what == "whole" else CROP_S) * RATE)
                if abs(len(samples) - wanted) > 1024:
                    raise SystemExit(f"{name} read {len(samples)} samples of the {what}, not {wanted}")
                if number:  # the first round warms up
                    times.setdefault((name, what), []).append(elapsed)
    table = Table(title=f"MPEG-4 audio, {seconds:g} s: median of {rounds} reads")
    for heading in ("reader", "whole file, ms", f"crop of {CROP_S:g} s, ms"):
        table.add_column(heading, justify="left" if heading == "reader" else "right")
    for name in readers:
        table.add_row(name, *(f"{statistics.median(times[name, what]):.2f}" for what in ("whole", "crop")))
    console.print(table)


if __name__ == "__main__":
    main()
