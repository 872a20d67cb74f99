import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.audio import AudioError, read_audio, read_crop, read_header

RATE = 16000


def write(path: Path, value: float, channels: int = 1, subtype: str = "DOUBLE") -> None:
    samples = np.full((RATE, channels), 0.1)
    samples[3500:3505, 0] = value
    soundfile.write(path, samples, RATE, subtype=subtype)


@pytest.mark.fault("audio with samples that are not numbers")
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("value", "what"),
    [
        (np.nan, "samples that are not numbers"),
        (np.inf, "samples that are not numbers"),
        (-np.inf, "samples that are not numbers"),
        (1e300, "samples that are not numbers"),
        (1e30, r"samples as large as (1|5)e\+(30|29), where 1 is full scale"),
        (-1e11, r"samples as large as -(1|5)e\+(11|10), where 1 is full scale"),
    ],
)
@pytest.mark.parametrize("read", [read_audio, lambda path: read_crop(path, 0.2, 0.5)])
@pytest.mark.filterwarnings("error")
def test_samples_that_are_no_sound_are_named(
    tmp_path: Path, channels: int, value: float, what: str, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "bad.wav"
    write(path, value, channels)
    message = rf"bad.wav: holds {what} \(first at 0.219 s\); replace the file or drop it$"
    with pytest.raises(AudioError, match=message):
        read(path)
    # What is read of the rest is sound.
    assert np.isfinite(read_crop(path, 1.0, 0.5)).all()


@pytest.mark.parametrize("scale", [1.0, 2.0**15, 2.0**31])
def test_samples_in_the_scale_of_whole_numbers_are_read(tmp_path: Path, scale: float) -> None:
    write(tmp_path / "loud.wav", scale, subtype="FLOAT")
    assert read_audio(tmp_path / "loud.wav").max() == scale


@pytest.mark.fault("audio with samples that are not numbers")
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize(
    ("value", "told"), [(np.nan, "samples that are not numbers"), (1e20, "samples as large as 1e+20")]
)
def test_a_header_vouches_for_numbers(
    tmp_path: Path, subtype: str, channel: int, value: float, told: str
) -> None:
    sound = np.full((40000, 2), 0.1)
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, 16000, subtype=subtype)
    assert read_header(path).frames == 40000
    sound[24000, channel] = value
    soundfile.write(path, sound, 16000, subtype=subtype)
    with pytest.raises(AudioError, match=rf"a.wav: holds {re.escape(told)}.* \(first at 1.500 s\)"):
        read_header(path)
