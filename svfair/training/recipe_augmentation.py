"""The recipe's section on augmentation: each kind a section of its own, off when it is left out."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from svfair.loading.augmentation import AugmentationSettings, NoiseSettings, SpeedSettings
from svfair.training.recipe_section import Place, Section

Probability = Annotated[float, Field(gt=0, le=1, description="of a crop to be changed")]

Decibels = Annotated[float, Field(ge=-200, le=200)]


class Noise(Section):
    """Sounds that are added to crops."""

    folder: Place = Field(description="audio files, such as MUSAN's `noise` folder")
    probability: Probability = 0.5
    snr_db: tuple[Decibels, Decibels] = Field((0.0, 15.0), description="bounds of the signal-to-noise ratio")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.snr_db[0] <= self.snr_db[1]:
            raise ValueError(f"has snr_db {list(self.snr_db)}: the lower bound comes first")
        return self


class Music(Noise):
    """Music that is added to crops."""

    snr_db: tuple[Decibels, Decibels] = (5.0, 15.0)


class Babble(Noise):
    """Several voices at once that are added to crops."""

    snr_db: tuple[Decibels, Decibels] = (13.0, 20.0)
    voices: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=20)]] = Field(
        (3, 7), description="bounds of the number of speech files that are added up"
    )

    @model_validator(mode="after")
    def _has_voices_in_order(self) -> Self:
        if self.voices[0] > self.voices[1]:
            raise ValueError(f"has voices {list(self.voices)}: the lower bound comes first")
        return self


class Reverberation(Section):
    """Rooms that crops are put into."""

    folder: Place = Field(description="room impulse responses, one audio file each")
    probability: Probability = 0.5


class Speed(Section):
    """Crops that are played faster or slower."""

    factors: tuple[Annotated[float, Field(ge=0.5, le=2, multiple_of=0.01)], ...] = Field(
        (0.9, 1.1), min_length=1, max_length=100
    )
    probability: Probability = 0.67
    new_speakers: bool = Field(False, description="whether a speaker at another speed is another speaker")


class AugmentationSection(Section):
    """What is done to training crops."""

    noise: Noise | None = None
    music: Music | None = None
    babble: Babble | None = None
    reverberation: Reverberation | None = None
    speed: Speed | None = None

    def settings(self) -> AugmentationSettings | None:
        """Return what the data loader takes; None when everything is off."""
        sources = {"noise": self.noise, "music": self.music, "babble": self.babble}
        noises = {
            kind: NoiseSettings(
                source.folder,
                source.probability,
                source.snr_db,
                source.voices if isinstance(source, Babble) else (1, 1),
            )
            for kind, source in sources.items()
            if source is not None
        }
        room, speed = self.reverberation, self.speed
        if not noises and room is None and speed is None:
            return None
        return AugmentationSettings(
            noises=noises,
            responses=None if room is None else room.folder,
            responses_probability=0.0 if room is None else room.probability,
            speed=None
            if speed is None
            else SpeedSettings(speed.factors, speed.probability, speed.new_speakers),
        )
