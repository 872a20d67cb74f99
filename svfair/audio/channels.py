"""Random recording channels: what a session does to a voice."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its parts when they are first named: scipy.signal takes longer than all the rest

from svfair.audio.reading import Waveform


@dataclass(frozen=True)
class Channel:
    """One microphone in one room.

    Parameters
    ----------
    low_hz, high_hz
        Pass band.
    tilt
        Slope of the spectrum, in dB an octave around 1 kHz.
    reverberation_s, reverberation_db
        Decay time (T60) of the room and level of its sound under the direct one.
    noise_db
        Signal-to-noise ratio.
    noise_tilt
        Exponent of the noise's power spectrum: 0 white, -1 pink, -2 brown.
    level_db
        Level of the result, RMS in dB under full scale.
    """

    low_hz: float
    high_hz: float
    tilt: float
    reverberation_s: float
    reverberation_db: float
    noise_db: float
    noise_tilt: float
    level_db: float


def draw_channel(random: np.random.Generator) -> Channel:
    """Draw a channel: from a close good microphone to a telephone in a small noisy room."""
    return Channel(
        low_hz=float(random.uniform(40, 250)),
        high_hz=float(np.exp(random.uniform(np.log(3400), np.log(7600)))),
        tilt=float(random.normal(0, 2)),
        reverberation_s=float(random.uniform(0.1, 0.4)),
        reverberation_db=float(random.uniform(12, 30)),
        noise_db=float(random.uniform(12, 35)),
        noise_tilt=float(random.uniform(-2, 0)),
        level_db=float(random.uniform(20, 32)),
    )


def apply_channel(
    waveform: Waveform, channel: Channel, random: np.random.Generator, sample_rate: int = 16000
) -> Waveform:
    """Send a waveform, shape (samples,), through a channel; noise and echoes are drawn from `random`."""
    signal = waveform.astype(np.float64)
    signal = _shape(signal, channel.tilt / (20 * np.log10(2)), sample_rate)
    band = scipy.signal.butter(2, (channel.low_hz, channel.high_hz), "bandpass", fs=sample_rate, output="sos")
    signal = np.asarray(scipy.signal.sosfilt(band, signal))
    signal = signal + _echoes(signal, channel, random, sample_rate)
    noise = _shape(random.standard_normal(len(signal)), channel.noise_tilt / 2, sample_rate)
    signal = signal + noise * (_rms(signal) / _rms(noise) * 10 ** (-channel.noise_db / 20))
    signal *= 10 ** (-channel.level_db / 20) / _rms(signal)
    return np.clip(signal, -1, 1).astype(np.float32)


def _shape(signal: npt.NDArray[np.float64], exponent: float, sample_rate: int) -> npt.NDArray[np.float64]:
    """Multiply the spectrum by (f / 1 kHz) ** exponent, level below 50 Hz."""
    # A prime length would take a hundred times as long.
    size = scipy.fft.next_fast_len(len(signal), real=True)
    frequency = np.maximum(scipy.fft.rfftfreq(size, 1 / sample_rate), 50.0)
    shaped = scipy.fft.irfft(scipy.fft.rfft(signal, size) * (frequency / 1000) ** exponent, size)
    return np.asarray(shaped)[: len(signal)]


def _echoes(
    signal: npt.NDArray[np.float64], channel: Channel, random: np.random.Generator, sample_rate: int
) -> npt.NDArray[np.float64]:
    time = np.arange(round(channel.reverberation_s * sample_rate)) / sample_rate
    # Amplitude falls by 60 dB, a factor of 1000, in the decay time.
    decay = random.standard_normal(len(time)) * 1000 ** (-time / channel.reverberation_s)
    decay[: sample_rate // 200] = 0  # the direct sound is alone for the first 5 ms
    echoes = np.asarray(scipy.signal.fftconvolve(signal, decay))[: len(signal)]
    return echoes * (_rms(signal) / _rms(echoes) * 10 ** (-channel.reverberation_db / 20))


def _rms(signal: npt.NDArray[np.float64]) -> float:
    return max(float(np.sqrt(np.mean(signal**2))), 1e-9)
