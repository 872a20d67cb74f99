from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.audio.reading import read_audio, read_crop
from svfair.audio.shards import write_shard
from svfair.errors import InputError
from svfair.manifests.recording import Recording


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_crop_is_that_part_of_the_file(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(-0.9, 0.9, 32000)
    path = tmp_path / f"ramp.{suffix}"
    soundfile.write(path, ramp, 16000, subtype="PCM_16")
    whole = read_audio(path)
    assert whole.dtype == np.float32
    assert whole == pytest.approx(ramp, abs=1e-4)
    for position in (0.0, 0.3, 0.999, 1.0):
        crop = read_crop(path, position, 0.5)
        start = round(position * 24000)
        assert crop.shape == (8000,)
        np.testing.assert_array_equal(crop, whole[start : start + 8000])


@pytest.mark.fault("audio whose crops differ from the whole")
@pytest.mark.parametrize("sound", ["tone", "noise", "both"])
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
def test_a_crop_after_a_seek_is_the_same_sound(tmp_path: Path, suffix: str, sound: str) -> None:
    """Frames of a quiet MP3 are small, and take their content from many before them."""
    tone = 0.3 * np.sin(0.05 * np.arange(48000))
    noise = np.random.default_rng(0).normal(0, 0.1, 48000)
    path = tmp_path / f"sound.{suffix}"
    wave = {"tone": tone, "noise": noise, "both": np.concatenate([tone, noise])}[sound]
    soundfile.write(path, wave, 16000, **({"subtype": "OPUS", "format": "OGG"} if suffix == "opus" else {}))
    whole = read_audio(path)
    for position in (0.0, 0.1, 0.3, 0.5, 0.8, 0.97, 1.0):
        start = round(position * (len(whole) - 8000))
        expected = whole[start : start + 8000]
        # Opus decodes 80 ms before a crop, and its state may still differ a little.
        np.testing.assert_allclose(
            read_crop(path, position, 0.5), expected, atol=0.02 if suffix == "opus" else 1e-5
        )


def test_a_short_file_is_repeated(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.arange(100) / 200, 16000, subtype="FLOAT")
    crop = read_crop(path, 0.7, 0.02)
    assert crop.shape == (320,)
    np.testing.assert_array_equal(crop[100:200], crop[:100])


def test_channels_are_averaged_and_rates_converted(tmp_path: Path) -> None:
    time = np.arange(44100) / 44100
    left = 0.5 * np.sin(2 * np.pi * 440 * time)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 44100)
    mono = read_audio(path)
    assert len(mono) == 16000
    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    assert mono[500:-500] == pytest.approx(expected[500:-500], abs=2e-3)
    assert read_crop(path, 0.5, 0.25).shape == (4000,)


def test_bad_files_are_named(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    good = tmp_path / "good.flac"
    soundfile.write(good, random.uniform(-0.5, 0.5, 16000), 16000)
    content = good.read_bytes()
    for name, damaged in (("text.flac", b"hello"), ("cut.flac", content[: len(content) // 2])):
        path = tmp_path / name
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=name):
            read_audio(path)
    soundfile.write(tmp_path / "empty.wav", np.empty(0), 16000)
    with pytest.raises(InputError, match=r"empty.wav: holds no audio"):
        read_crop(tmp_path / "empty.wav", 0.0, 1.0)
    with pytest.raises(InputError, match=r"gone.wav: is missing; replace the file or drop it$"):
        read_audio(tmp_path / "gone.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_packed_recording_equals_the_plain_file(tmp_path: Path, suffix: str) -> None:
    plain = tmp_path / f"plain.{suffix}"
    soundfile.write(plain, np.random.default_rng(1).uniform(-0.5, 0.5, 24000), 16000)
    members = [("first.bin", b"x" * 700), (f"id10001/V/00001.{suffix}", plain.read_bytes())]
    [_, (offset, size)] = write_shard(tmp_path / "shard.tar", members)
    packed = Recording(tmp_path / "shard.tar", offset, size)
    np.testing.assert_array_equal(read_audio(packed), read_audio(plain))
    np.testing.assert_array_equal(read_crop(packed, 0.4, 0.7), read_crop(plain, 0.4, 0.7))


def test_bad_places_in_a_packed_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    write_shard(path, [("a.flac", b"y" * 3000)])
    with pytest.raises(InputError, match=r"shard.tar \(bytes 512 to 3512\): cannot be read as audio"):
        read_audio(Recording(path, 512, 3000))
    with pytest.raises(InputError, match=r"shard.tar \(bytes 10000 to 13000\): .* ends before it"):
        read_crop(Recording(path, 10000, 3000), 0.0, 1.0)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_crops_have_their_exact_length_at_any_rate(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(2).uniform(-0.5, 0.5, rate * 2), rate)
    for seconds in (0.35, 1.2345, 2.0):
        crop = read_crop(path, 0.3, seconds)
        assert crop.shape == (round(seconds * 16000),)
        # Nothing of the crop's start comes again at its end.
        assert crop[-1] != crop[0]
