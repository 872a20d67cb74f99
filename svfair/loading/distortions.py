"""What augmentation does to one waveform, by SpeechBrain's stateless parts: nothing here is drawn."""

from functools import cache
from typing import Any

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

# SpeechBrain takes seconds to import, and a run without augmentation needs none of this.


def mix(speech: Tensor, noises: list[tuple[Tensor, float]]) -> Tensor:
    """Add noises to speech, each at its own signal-to-noise ratio to the speech alone.

    Parameters
    ----------
    speech
        Shape (samples,).
    noises
        Noise of the same shape, and the ratio of the powers in dB.

    Returns
    -------
    Tensor
        Shape (samples,). Silence among the noises adds nothing.
    """
    from speechbrain.processing.signal_processing import compute_amplitude, dB_to_amplitude

    level = compute_amplitude(speech, amp_type="rms")
    mixed = speech
    for noise, snr_db in noises:
        own = compute_amplitude(noise, amp_type="rms")
        if own > 0:
            mixed = mixed + noise * (level / own / dB_to_amplitude(snr_db)).squeeze()
    return mixed


def babble(voices: list[Tensor]) -> Tensor:
    """Sum voices of shape (samples,), all equally loud."""
    from speechbrain.processing.signal_processing import compute_amplitude

    levels = [compute_amplitude(voice, amp_type="rms").clamp(min=1e-9).squeeze() for voice in voices]
    return torch.stack([voice / level for voice, level in zip(voices, levels, strict=True)]).sum(0)


def reverberate(speech: Tensor, response: Tensor) -> Tensor:
    """Put speech of shape (samples,) into a room, as loud as before and without delay.

    The response's largest peak is the direct sound. The part before it and the tail beyond the end are cut.
    """
    from speechbrain.processing.signal_processing import compute_amplitude
    from speechbrain.processing.signal_processing import reverberate as convolve

    # SpeechBrain's convolution is circular: silence behind the speech keeps its end out of its beginning.
    silence = next_fast_len(len(speech) + len(response), real=True) - len(speech)
    padded = functional.pad(speech, (0, silence))
    wet: Tensor = convolve(padded[None], response, rescale_amp=None)[0, : len(speech)]
    level: Tensor = compute_amplitude(speech, amp_type="rms")
    scaled: Tensor = wet * (level / compute_amplitude(wet, amp_type="rms").clamp(min=1e-9)).squeeze()
    return scaled


def change_speed(speech: Tensor, factor: float, length: int) -> Tensor:
    """Play speech faster (a factor above 1) or slower, pitch included; `length` samples come out.

    `speech` has length * factor samples, give or take one.
    """
    changed: Tensor = _resampler(round(factor * 100))(speech[None])[0]
    missing = length - len(changed)
    if missing > 0:
        changed = torch.cat([changed, changed[-1:].expand(missing)])
    return changed[:length]


@cache
def _resampler(percent: int) -> Any:
    from speechbrain.augment.time_domain import Resample

    # As SpeechBrain's SpeedPerturb builds them; that class also draws the speed, from torch's global state.
    return Resample(orig_freq=percent, new_freq=100)
