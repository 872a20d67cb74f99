"""Whatever the bytes are: samples, or an `AudioError` of one line; no other error, hang or much memory."""

import resource
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from audio_files import SUFFIXES, encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svfair.audio import AudioError, read_audio, read_crop, read_header

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def whole(suffix: str) -> bytes:
    noise = np.random.default_rng(0).normal(0, 0.05, 12000)
    return encode(suffix, 0.2 * np.sin(0.05 * np.arange(12000)) + noise)


def holds_up(path: Path, position: float = 0.7) -> None:
    """Read a file in every way: sound and of the length that the header says, or refused in one line."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frames: int | None = None
    try:
        header = read_header(path)
        frames = round(header.frames * 16000 / header.sample_rate)
    except AudioError as error:
        assert_one_line(path, error)
    try:
        waveform = read_audio(path)
        assert waveform.dtype == np.float32
        assert len(waveform) > 0
        assert np.isfinite(waveform).all()
        if frames is not None:
            assert abs(len(waveform) - frames) <= 8001 + 0.01 * frames
    except AudioError as error:
        assert_one_line(path, error)
    try:
        assert read_crop(path, position, 0.2).shape == (3200,)
    except AudioError as error:
        assert_one_line(path, error)
    assert time.monotonic() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def assert_one_line(path: Path, error: AudioError) -> None:
    assert len(str(error).splitlines()) == 1
    assert str(error).startswith(f"{path}: ")
    assert error.kind in ("missing", "empty", "cut off", "unreadable")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


# Numbers in headers are turned into the smallest and the largest; elsewhere anything may stand.
pieces = st.sampled_from([b"\0", b"\0" * 4, b"\xff", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80"]) | st.binary(
    min_size=1, max_size=8
)
edits = st.lists(st.tuples(st.integers(0, 2000), pieces), min_size=1, max_size=4)


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize("suffix", SUFFIXES)
@many
@given(edits=edits, from_end=st.booleans(), position=st.floats(0, 1))
def test_bytes_that_are_changed(
    folder: Path, suffix: str, edits: list[tuple[int, bytes]], from_end: bool, position: float
) -> None:
    content = bytearray(whole(suffix))
    for place, piece in edits:
        start = len(content) - 1 - place if from_end else place
        start %= len(content)
        content[start : start + len(piece)] = piece
    (folder / f"changed.{suffix}").write_bytes(content)
    holds_up(folder / f"changed.{suffix}", position)


@pytest.mark.fault("audio that is cut off")
@pytest.mark.parametrize("suffix", SUFFIXES)
@many
@given(kept=st.integers(0, 400) | st.floats(0, 1), more=st.binary(max_size=16))
def test_files_that_end_early_or_late(folder: Path, suffix: str, kept: float, more: bytes) -> None:
    content = whole(suffix)
    length = kept if isinstance(kept, int) else round(kept * len(content))
    (folder / f"cut.{suffix}").write_bytes(content[:length] + more)
    holds_up(folder / f"cut.{suffix}")


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize("suffix", SUFFIXES)
@many
@given(start=st.floats(0, 1), length=st.integers(1, 600), inserted=st.binary(max_size=40))
def test_files_that_lack_a_part(
    folder: Path, suffix: str, start: float, length: int, inserted: bytes
) -> None:
    content = whole(suffix)
    at = round(start * len(content))
    (folder / f"part.{suffix}").write_bytes(content[:at] + inserted + content[at + length :])
    holds_up(folder / f"part.{suffix}")


@pytest.mark.fault("files that are no audio")
@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "m4a"])
@many
@given(
    content=st.binary(max_size=300)
    | st.binary(max_size=200).map(lambda rest: b"\0\0\0\x20ftypM4A " + rest)
    | st.binary(max_size=200).map(lambda rest: b"RIFF\xff\xff\xff\xffWAVEfmt " + rest)
    | st.binary(max_size=200).map(lambda rest: b"fLaC\0\0\0\x22" + rest)
    | st.binary(max_size=200).map(lambda rest: b"OggS\0\2" + rest)
    | st.binary(max_size=200).map(lambda rest: b"ID3\4\0\0" + rest)
)
def test_any_bytes(folder: Path, suffix: str, content: bytes) -> None:
    (folder / f"any.{suffix}").write_bytes(content)
    holds_up(folder / f"any.{suffix}")
