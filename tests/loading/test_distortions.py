import numpy as np
import numpy.typing as npt
import pytest
import torch

from svfair.loading.distortions import babble, change_speed, mix, reverberate


def noise(samples: int, seed: int, scale: float = 0.1) -> npt.NDArray[np.float64]:
    return scale * np.random.default_rng(seed).standard_normal(samples)


def tensor(values: npt.NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))


def power(values: npt.NDArray[np.float64]) -> float:
    total = 0.0
    for value in values:
        total += float(value) ** 2
    return total / len(values)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 7.5, 20.0])
def test_the_ratio_of_the_powers_is_as_asked(snr_db: float) -> None:
    speech, hum = noise(4000, 0), noise(4000, 1, 0.003)
    mixed = mix(tensor(speech), [(tensor(hum), snr_db)]).numpy().astype(np.float64)
    added = mixed - speech.astype(np.float32)
    assert 10 * np.log10(power(speech) / power(added)) == pytest.approx(snr_db, abs=1e-3)
    assert np.corrcoef(added, hum)[0, 1] == pytest.approx(1, abs=1e-5)


def test_each_noise_has_its_ratio_to_the_speech_alone() -> None:
    speech, one, two = (tensor(noise(3000, seed)) for seed in range(3))
    both = mix(speech, [(one, 3.0), (two, 9.0)])
    apart = mix(speech, [(one, 3.0)]) + mix(speech, [(two, 9.0)]) - speech
    torch.testing.assert_close(both, apart)
    torch.testing.assert_close(mix(speech, [(torch.zeros(3000), 3.0)]), speech)


def test_voices_of_a_babble_are_equally_loud() -> None:
    one, two = noise(2000, 0, 0.5), noise(2000, 1, 0.01)
    expected = one / np.sqrt(power(one)) + two / np.sqrt(power(two))
    np.testing.assert_allclose(babble([tensor(one), tensor(two)]).numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("length", [50, 777, 5000])
def test_reverberation_is_the_naive_convolution_scaled(length: int) -> None:
    speech, direct = noise(2000, 0), 20
    response = noise(length, 1, 0.2) * np.exp(-np.arange(length) / (length / 5))
    response[direct] = -1.5
    wet = reverberate(tensor(speech), tensor(response)).numpy().astype(np.float64)
    naive = np.zeros(2000)
    for sample in range(2000):
        for delay in range(max(0, sample + direct - 1999), min(length, sample + direct + 1)):
            naive[sample] += response[delay] * speech[sample + direct - delay]
    assert power(wet) == pytest.approx(power(speech), rel=1e-4)
    np.testing.assert_allclose(wet, naive * np.sqrt(power(speech) / power(naive)), atol=1e-4)


@pytest.mark.parametrize("factor", [0.9, 1.1, 1.05])
def test_speed_keeps_the_length_and_shifts_the_pitch(factor: float) -> None:
    length, rate, pitch = 8000, 16000, 400.0
    time = np.arange(round(length * factor)) / rate
    changed = change_speed(tensor(np.sin(2 * np.pi * pitch * time)), factor, length).numpy()
    assert changed.shape == (length,)
    expected = np.sin(2 * np.pi * pitch * factor * np.arange(length) / rate)
    np.testing.assert_allclose(changed[100:-100], expected[100:-100], atol=0.01)


@pytest.mark.parametrize("samples", [7199, 7200, 7201])
def test_speed_copes_with_rounded_lengths(samples: int) -> None:
    assert change_speed(torch.ones(samples), 0.9, 8000).shape == (8000,)
