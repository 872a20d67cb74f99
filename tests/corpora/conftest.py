import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

VOX1_HEADER = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"


def noise(seconds: float, seed: int, rate: int = 16000) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def write_m4a(path: Path, waveform: np.ndarray, rate: int = 16000) -> None:
    """Write MPEG-4 AAC, as VoxCeleb2 is published."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (waveform * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def make_voxceleb1(root: Path, speakers: int = 4, videos: int = 2, segments: int = 3) -> Path:
    """Write VoxCeleb1's layout: half a second of noise a segment, genders and countries in turn."""
    rows = []
    for speaker in range(speakers):
        name = f"id{10001 + speaker}"
        rows.append(
            f"{name}\tPerson_{speaker}\t{'mf'[speaker % 2]}\t{('USA', 'UK', 'India')[speaker % 3]}\tdev"
        )
        for video in range(videos):
            folder = root / "dev" / "wav" / name / f"video{video:06d}"
            folder.mkdir(parents=True)
            for segment in range(segments):
                seed = (speaker * videos + video) * segments + segment
                soundfile.write(folder / f"{segment + 1:05d}.wav", noise(0.5, seed), 16000)
    (root / "vox1_meta.csv").write_text(VOX1_HEADER + "\n".join(rows) + "\n")
    return root


def make_header_only(root: Path, files: int, files_a_speaker: int = 200) -> Path:
    """Write VoxCeleb1's layout with sparse WAV files: a header of 8 s of audio, and no audio on the disk."""
    size = 8 * 16000 * 2
    speakers = []
    for number in range(files):
        speaker, rest = divmod(number, files_a_speaker)
        video, segment = divmod(rest, 10)
        folder = root / "wav" / f"id{10001 + speaker}" / f"video{video:06d}"
        if segment == 0:
            folder.mkdir(parents=True)
        if rest == 0:
            speakers.append(f"id{10001 + speaker}\tP\tm\tUSA\tdev")
        # A chunk of a number, so that no two files are the same.
        head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
        head += b"note" + struct.pack("<II", 4, number) + b"data" + struct.pack("<I", size)
        with (folder / f"{segment + 1:05d}.wav").open("wb") as file:
            file.write(b"RIFF" + struct.pack("<I", len(head) + size) + head)
            file.truncate(8 + len(head) + size)
    (root / "vox1_meta.csv").write_text(VOX1_HEADER + "\n".join(speakers) + "\n")
    return root


@pytest.fixture
def voxceleb1(tmp_path: Path) -> Path:
    """VoxCeleb1's layout with four speakers."""
    return make_voxceleb1(tmp_path / "voxceleb1")


@pytest.fixture
def header_only(tmp_path: Path) -> Callable[[int], Path]:
    """Make VoxCeleb1's layout with a number of files that are headers alone."""
    return lambda files: make_header_only(tmp_path / "header-only", files)


@pytest.fixture
def voxceleb2(tmp_path: Path) -> Path:
    """VoxCeleb2's layout with m4a, and its metadata with byte-order mark and trailing blanks."""
    root = tmp_path / "voxceleb2"
    for speaker in range(3):
        folder = root / "dev" / "aac" / f"id0001{speaker}" / "video"
        folder.mkdir(parents=True)
        for segment in range(2):
            write_m4a(folder / f"{segment + 1:05d}.m4a", noise(1.0, speaker * 2 + segment))
    lines = ["VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set "]
    lines += [f"id0001{speaker} ,n00001{speaker} ,{'mf'[speaker % 2]} ,dev " for speaker in range(3)]
    (root / "vox2_meta.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    return root
