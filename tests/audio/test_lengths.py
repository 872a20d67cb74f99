"""Headers that say more or less than there is, and lengths that no recording has."""

import io
import resource
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.audio import AudioError, read_audio, read_crop, read_header
from svfair.audio.lengths import SHORTFALL_S, check_length
from svfair.audio.problems import DamagedError
from svfair.audio.reading import Waveform

RATE = 16000
TONE = 0.3 * np.sin(0.05 * np.arange(3 * RATE))


def encode(container: str, subtype: str | None = None) -> bytearray:
    file = io.BytesIO()
    soundfile.write(file, TONE, RATE, format=container, subtype=subtype)
    return bytearray(file.getvalue())


def wav(stated: int, riff: int, container: str = "WAV") -> bytes:
    """A WAV file whose header states so many bytes of audio; there are 96,000."""
    content = encode(container)
    content[4:8] = struct.pack("<I", riff)
    place = content.index(b"data")
    content[place + 4 : place + 8] = struct.pack("<I", stated)
    return bytes(content)


def flac(stated: int) -> bytes:
    """A FLAC file whose header states so many samples; there are 48,000."""
    content = encode("FLAC")
    content[21] = (content[21] & 0xF0) | (stated >> 32)
    content[22:26] = struct.pack(">I", stated & 0xFFFFFFFF)
    return bytes(content)


def mp3(more_frames: int) -> bytes:
    """An MP3 file whose header counts some codec frames of 576 samples too many."""
    content = encode("MP3")
    place = content.index(b"Xing") + 8
    frames = struct.unpack(">I", content[place : place + 4])[0]
    content[place : place + 4] = struct.pack(">I", frames + more_frames)
    return bytes(content)


@pytest.mark.fault("audio whose header does not know its length")
@pytest.mark.parametrize(
    ("stated", "riff"),
    [
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x7FFFFFDB, 0x7FFFFFFF),
        (0x7FFFFFFF, 0),
        (0x7FFFF000, 0x7FFFF024),
        (0x80000000, 0x80000024),
        (0xFFFFFFDB, 0xFFFFFFFF),
        (0, 0),
        (0, 36),
        (0, 0xFFFFFFFF),
        (0, 8),
    ],
)
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_wav_from_a_pipe_is_as_long_as_it_is(tmp_path: Path, stated: int, riff: int, container: str) -> None:
    path = tmp_path / "pipe.wav"
    path.write_bytes(wav(stated, riff, container))
    assert read_header(path).frames == len(TONE)
    np.testing.assert_allclose(read_audio(path), TONE, atol=1e-4)
    np.testing.assert_allclose(read_crop(path, 1.0, 0.5), TONE[-8000:], atol=1e-4)


def test_what_stands_behind_no_audio_is_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), RATE)
    chunk = b"LIST" + struct.pack("<I", 1000) + bytes(1000)
    content = path.read_bytes() + chunk
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    with pytest.raises(AudioError, match=r"empty.wav: holds no audio; replace the file or drop it$"):
        read_header(path)


@pytest.mark.fault("audio whose header does not know its length")
def test_flac_from_a_pipe_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "pipe.flac"
    path.write_bytes(flac(0))
    assert read_header(path).frames == len(TONE)
    np.testing.assert_allclose(read_audio(path), TONE, atol=1e-4)
    np.testing.assert_allclose(read_crop(path, 1.0, 0.5), TONE[-8000:], atol=1e-4)


@pytest.mark.fault("audio that is cut off")
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64", "AIFF", "AU", "FLAC", "MP3"])
def test_a_header_is_refused_where_the_end_is_not_there(tmp_path: Path, container: str) -> None:
    path = tmp_path / "cut.any"
    content = encode(container)
    path.write_bytes(content)
    assert read_header(path).frames == len(TONE)
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(
        AudioError, match=r"cut.any: is cut off: it.+; replace the file or drop it$"
    ) as caught:
        read_header(path)
    assert caught.value.kind == "cut off"


SHORT: list[tuple[str, Callable[[int], bytes]]] = [
    ("mp3", lambda missing: mp3(missing // 576)),
    ("flac", lambda missing: flac(len(TONE) + missing)),
]


@pytest.mark.fault("audio shorter than its header says")
@pytest.mark.parametrize(("suffix", "make"), SHORT)
@pytest.mark.parametrize("missing", [576, 2 * 576, 10 * 576])
def test_a_few_frames_too_many_in_the_header_are_no_matter(
    tmp_path: Path, suffix: str, make: Callable[[int], bytes], missing: int
) -> None:
    path = tmp_path / f"short.{suffix}"
    path.write_bytes(make(0))
    whole = read_audio(path)
    path.write_bytes(make(missing))
    header = read_header(path)
    assert header.frames == pytest.approx(len(whole), abs=1200)  # an MP3's padding moves with its count
    found = read_audio(path)
    assert len(found) == header.frames
    for position in (0.0, 0.5, 0.9, 0.97, 1.0):
        for seconds in (0.2, 1.0, 2.9):
            crop = read_crop(path, position, seconds)
            assert is_part_of(crop, found), (position, seconds)
    # A crop at the very end is the end; nothing is added to it.
    np.testing.assert_allclose(read_crop(path, 1.0, 1.0), found[-RATE:], atol=1e-6)
    # One that is longer is repeated from its beginning.
    longer = read_crop(path, 0.3, 4.0)
    np.testing.assert_allclose(longer, np.resize(found, 4 * RATE), atol=1e-6)


def is_part_of(crop: Waveform, whole: Waveform) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(whole, len(crop))
    return bool((np.abs(windows[:, ::97] - crop[::97]).max(axis=1) < 1e-6).any())


@pytest.mark.fault("audio shorter than its header says")
@pytest.mark.parametrize(("suffix", "make"), SHORT)
def test_more_than_the_bound_is_refused_everywhere(
    tmp_path: Path, suffix: str, make: Callable[[int], bytes]
) -> None:
    path = tmp_path / f"short.{suffix}"
    path.write_bytes(make(round(SHORTFALL_S * RATE) + 2 * 576))
    for read in (read_header, read_audio, lambda one: read_crop(one, 1.0, 1.0)):
        with pytest.raises(
            AudioError, match=r"is cut off: it ends before the 3.5\d s of its header"
        ) as caught:
            read(path)
        assert caught.value.kind == "cut off"
    # A crop from before the end is there.
    assert len(read_crop(path, 0.0, 1.0)) == RATE


@pytest.mark.fault("audio that claims hours")
@pytest.mark.parametrize("stated", [2**36 - 1, 10**9, 3601 * RATE])
def test_a_length_that_the_bytes_cannot_hold_is_refused(tmp_path: Path, stated: int) -> None:
    path = tmp_path / "lies.flac"
    path.write_bytes(flac(stated))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reason = rf"lies.flac: would last {stated / RATE / 3600:,.1f} hours, which [\d,]+ bytes cannot hold; "
    for read in (read_header, read_audio, lambda one: read_crop(one, 0.5, 1.0)):
        with pytest.raises(AudioError, match=reason):
            read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


@pytest.mark.slow
@pytest.mark.fault("audio that claims hours")
@pytest.mark.parametrize("stated", [2**36 - 1, 0])
def test_a_small_file_that_decodes_to_hours_is_refused(tmp_path: Path, stated: int) -> None:
    """Silence costs FLAC next to nothing: an hour and a half in some hundred kilobytes."""
    path = tmp_path / "silence.flac"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(100):
            file.write(np.zeros(60 * 8000))
    content = bytearray(path.read_bytes())
    assert len(content) < 500_000
    if stated == 0:
        content[21] &= 0xF0
        content[22:26] = bytes(4)
        path.write_bytes(content)
    with pytest.raises(
        AudioError, match=r"silence.flac: would last 1.\d hours, which [\d,]+ bytes cannot hold"
    ):
        read_header(path)


def test_long_recordings_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "audiobook.opus"
    path.write_bytes(b"x")
    with path.open("r+b") as file:
        file.truncate(30_000_000)  # ten hours at the smallest rate of Opus
    check_length(path, 10 * 3600, RATE)
    with pytest.raises(DamagedError, match=r"^would last 25.0 hours, which 30,000,000 bytes cannot hold$"):
        check_length(path, 25 * 3600, RATE)


@pytest.mark.fault("audio at a rate that is none")
@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 2**31 - 1])
def test_rates_that_are_none_of_audio_are_refused(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "rate.wav"
    content = encode("WAV")
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(content)
    reason = (
        rf"rate.wav: has a sampling rate of {rate:,} Hz, which is none of audio; replace the file or drop it$"
    )
    for read in (read_header, read_audio, lambda one: read_crop(one, 0.5, 1.0)):
        with pytest.raises(AudioError, match=reason):
            read(path)


def without_table(variable: bool) -> bytes:
    """An MP3 of two seconds that are nearly silent and four that are loud, without the frame that counts."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.3, 4 * RATE)
    wave = np.concatenate([1e-3 * TONE[: 2 * RATE], noise])
    rates = {"bitrate_mode": "VARIABLE" if variable else "CONSTANT"}
    soundfile.write(file, wave, RATE, format="MP3", compression_level=0.1, **rates)
    content = file.getvalue()
    return content[content.index(content[:2], content.index(b"Xing" if variable else b"Info")) :]


@pytest.mark.fault("audio whose header does not know its length")
@pytest.mark.parametrize("tag", [b"", b"ID3\4\0\0\0\0\2\0" + bytes(256)])
def test_an_mp3_whose_length_is_guessed_is_not_read_in_part(tmp_path: Path, tag: bytes) -> None:
    path = tmp_path / "guessed.mp3"
    path.write_bytes(tag + without_table(variable=True))
    reason = (
        r"guessed.mp3: does not state its length: 6.\d\d s are there, and [1-4].\d\d s would be read; "
        "encode it anew; replace the file or drop it$"
    )
    with pytest.raises(AudioError, match=reason):
        read_header(path)
    # At a constant rate the guess is right.
    path.write_bytes(tag + without_table(variable=False))
    assert read_header(path).duration_s == pytest.approx(6.0, abs=0.15)
