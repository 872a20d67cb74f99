"""Augmentation of training crops, drawn from seed and step alone like the batches themselves.

Each kind has a stream of random numbers of its own and always draws for the whole batch, so that neither its
probability nor its absence changes what the others do.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from svfair.audio.reading import Waveform, read_audio, read_crop
from svfair.loading.distortions import babble, change_speed, mix, reverberate
from svfair.loading.sounds import SoundFolder

# Streams 0 and 1 are those of the batches.
_SPEED, _REVERBERATION = 2, 3
_NOISES = {"noise": 4, "music": 5, "babble": 6}

#: Longer files are recordings, not responses of a room.
_LONGEST_RESPONSE_S = 12.0


@dataclass(frozen=True)
class NoiseSettings:
    """Noise that is added to some of the crops.

    Parameters
    ----------
    folder
        Audio files to draw from.
    probability
        Of a crop to get it.
    snr_db
        Bounds of the signal-to-noise ratio, drawn uniformly.
    voices
        Bounds of the number of files that are added up; above one for babble.
    """

    folder: Path
    probability: float
    snr_db: tuple[float, float]
    voices: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class SpeedSettings:
    """Crops that are played faster or slower.

    Parameters
    ----------
    factors
        One is drawn uniformly, such as 0.9 or 1.1.
    probability
        Of a crop to be changed; of a speaker, with `new_speakers`.
    new_speakers
        Whether a speaker at another speed counts as another speaker.
    """

    factors: tuple[float, ...]
    probability: float
    new_speakers: bool = False


@dataclass(frozen=True)
class AugmentationSettings:
    """Which kinds of augmentation are on; a kind that is left out is off.

    Parameters
    ----------
    noises
        By kind: `noise`, `music` and `babble`.
    responses, responses_probability
        Folder of room impulse responses, and the share of crops that are reverberated.
    speed
        Speed perturbation.
    """

    noises: dict[str, NoiseSettings] = field(default_factory=dict)
    responses: Path | None = None
    responses_probability: float = 0.0
    speed: SpeedSettings | None = None

    @property
    def label_copies(self) -> int:
        """How many labels a speaker has: one, and with new speakers one more for each factor."""
        return 1 + len(self.speed.factors) if self.speed is not None and self.speed.new_speakers else 1


class Augmentation:
    """Augments the crops of a step.

    Parameters
    ----------
    settings
        What is on.
    speakers
        Number of training speakers.
    seed
        Of all draws.
    sample_rate
        Of the crops, in Hz.

    Raises
    ------
    InputError
        When a folder is missing, holds no audio, or holds a file that cannot be used.
    """

    def __init__(
        self, settings: AugmentationSettings, *, speakers: int, seed: int, sample_rate: int = 16000
    ) -> None:
        self.settings = settings
        self.speakers = speakers
        self.seed = seed
        self.sample_rate = sample_rate
        self._noises = {
            kind: SoundFolder(noise.folder, field=f"augmentation.{kind}.folder")
            for kind, noise in settings.noises.items()
        }
        self._responses: SoundFolder | None = None
        if settings.responses is not None:
            self._responses = SoundFolder(
                settings.responses,
                field="augmentation.reverberation.folder",
                longest_s=_LONGEST_RESPONSE_S,
            )

    def speeds(self, step: int, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Draw the speed of each crop: 0 as recorded, n the n-th factor; int64 (crops,)."""
        speed = self.settings.speed
        if speed is None:
            return np.zeros(len(labels), dtype=np.int64)
        chance, choice = self._draws(_SPEED, step, len(labels), 2).T
        numbers = np.where(chance < speed.probability, 1 + np.floor(choice * len(speed.factors)), 0)
        if speed.new_speakers:  # the crops of one speaker stay together: they draw what its first one drew
            _, first, group = np.unique(labels, return_index=True, return_inverse=True)
            numbers = numbers[first][group]
        return numbers.astype(np.int64)

    def factor(self, speed: int) -> float:
        """Return the factor of a drawn speed."""
        return 1.0 if speed == 0 or self.settings.speed is None else self.settings.speed.factors[speed - 1]

    def relabel(self, labels: npt.NDArray[np.int64], speeds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the labels, with new speakers where a changed speed makes them."""
        return labels + speeds * self.speakers if self.settings.label_copies > 1 else labels

    def augment(
        self, step: int, crops: list[Waveform], speeds: npt.NDArray[np.int64], samples: int
    ) -> Tensor:
        """Augment the crops of a step.

        Parameters
        ----------
        step
            Counted from 0.
        crops
            As read, `samples` times the speed's factor long.
        speeds
            From `speeds`.
        samples
            Length of the result.

        Returns
        -------
        Tensor
            float32 (crops, samples).
        """
        waveforms = [
            torch.from_numpy(crop) if speed == 0 else self._at_speed(crop, int(speed), samples)
            for crop, speed in zip(crops, speeds, strict=True)
        ]
        waveforms = self._reverberated(step, waveforms)
        noises: list[list[tuple[Tensor, float]]] = [[] for _ in waveforms]
        for kind in self.settings.noises:
            self._add_noises(kind, step, samples, noises)
        return torch.stack([mix(speech, added) for speech, added in zip(waveforms, noises, strict=True)])

    def _draws(self, stream: int, step: int, crops: int, each: int) -> npt.NDArray[np.float64]:
        return np.random.default_rng([self.seed, stream, step]).random((crops, each))

    def _at_speed(self, crop: Waveform, speed: int, samples: int) -> Tensor:
        return change_speed(torch.from_numpy(crop), self.factor(speed), samples)

    def _reverberated(self, step: int, waveforms: list[Tensor]) -> list[Tensor]:
        if self._responses is None:
            return waveforms
        draws = self._draws(_REVERBERATION, step, len(waveforms), 2)
        return [
            reverberate(speech, self._response(choice))
            if chance < self.settings.responses_probability
            else speech
            for speech, (chance, choice) in zip(waveforms, draws, strict=True)
        ]

    def _response(self, choice: float) -> Tensor:
        assert self._responses is not None
        return torch.from_numpy(read_audio(self._responses.at(choice), sample_rate=self.sample_rate))

    def _add_noises(
        self, kind: str, step: int, samples: int, noises: list[list[tuple[Tensor, float]]]
    ) -> None:
        settings, folder = self.settings.noises[kind], self._noises[kind]
        (low, high), (fewest, most) = settings.snr_db, settings.voices
        draws = self._draws(_NOISES[kind], step, len(noises), 3 + 2 * most)
        for added, (chance, ratio, number, *files) in zip(noises, draws, strict=True):
            if chance >= settings.probability:
                continue
            voices = [
                torch.from_numpy(
                    read_crop(
                        folder.at(choice), position, samples / self.sample_rate, sample_rate=self.sample_rate
                    )
                )
                for choice, position in np.reshape(files, (-1, 2))[
                    : fewest + int(number * (most - fewest + 1))
                ]
            ]
            noise = babble(voices) if len(voices) > 1 else voices[0]
            added.append((noise, low + ratio * (high - low)))
