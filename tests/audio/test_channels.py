import numpy as np
import pytest

from svfair.audio.channels import Channel, apply_channel, draw_channel
from svfair.audio.codecs import CODECS, pass_codec


def chirp() -> np.ndarray:
    time = np.arange(32000) / 16000
    return (0.3 * np.sin(2 * np.pi * (100 + 1500 * time) * time)).astype(np.float32)


def test_same_draw_same_sound_other_draw_other_sound() -> None:
    first, again, other = (
        apply_channel(chirp(), draw_channel(random), random)
        for random in (np.random.default_rng(0), np.random.default_rng(0), np.random.default_rng(1))
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    assert first.dtype == np.float32
    assert len(first) == 32000


def test_level_and_noise_are_as_stated() -> None:
    quiet = Channel(40, 7600, 0.0, 0.1, 60.0, 20.0, 0.0, 25.0)
    clean = Channel(40, 7600, 0.0, 0.1, 60.0, 90.0, 0.0, 25.0)
    noisy, plain = (apply_channel(chirp(), c, np.random.default_rng(0)) for c in (quiet, clean))
    assert 20 * np.log10(np.sqrt(np.mean(noisy**2))) == pytest.approx(-25, abs=0.1)
    noise = noisy - plain * (noisy @ plain) / (plain @ plain)
    assert 10 * np.log10(np.mean(plain**2) / np.mean(noise**2)) == pytest.approx(20, abs=0.3)


def test_pass_band_is_kept() -> None:
    narrow = Channel(300, 3400, 0.0, 0.1, 60.0, 90.0, 0.0, 25.0)
    white = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    power = np.abs(np.fft.rfft(apply_channel(white, narrow, np.random.default_rng(1)))) ** 2
    frequency = np.fft.rfftfreq(32000, 1 / 16000)
    inside = power[(frequency > 500) & (frequency < 3000)].mean()
    assert power[(frequency > 6000)].mean() < 0.1 * inside
    assert power[frequency < 80].mean() < 0.1 * inside


def test_silence_stays_finite() -> None:
    random = np.random.default_rng(0)
    assert np.isfinite(apply_channel(np.zeros(8000, np.float32), draw_channel(random), random)).all()


@pytest.mark.parametrize("codec", CODECS)
def test_codecs_keep_length_and_most_of_the_sound(codec: str) -> None:
    sound = chirp()
    coded = pass_codec(sound, codec)
    assert coded.shape == sound.shape
    # Codecs shift a little in time: compare spectra, not samples.
    before, after = (np.abs(np.fft.rfft(x.reshape(-1, 400))[:, 4:80]).ravel() for x in (sound, coded))
    assert np.corrcoef(before, after)[0, 1] > 0.8
    assert (codec == "none") == np.array_equal(sound, coded)
    np.testing.assert_array_equal(pass_codec(sound, codec), coded)
