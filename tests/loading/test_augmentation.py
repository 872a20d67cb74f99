from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from svfair.errors import InputError
from svfair.loading import (
    Augmentation,
    AugmentationSettings,
    CropDataset,
    NoiseSettings,
    SpeakerBalancedBatches,
    SpeedSettings,
)
from svfair.manifests import read_manifest

LABELS = np.repeat(np.arange(50), 2)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for kind, seconds in (("noise", 1.5), ("music", 0.3), ("speech", 2.0), ("rooms", 0.2)):
        for number in range(4):
            path = tmp_path / kind / f"part{number % 2}" / f"{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, random.uniform(-0.3, 0.3, round(seconds * 16000)), 16000)
    return tmp_path


def everything(folders: Path, new_speakers: bool = False) -> AugmentationSettings:
    return AugmentationSettings(
        noises={
            "noise": NoiseSettings(folders / "noise", 0.5, (0.0, 15.0)),
            "music": NoiseSettings(folders / "music", 0.5, (5.0, 15.0)),
            "babble": NoiseSettings(folders / "speech", 0.5, (13.0, 20.0), (3, 7)),
        },
        responses=folders / "rooms",
        responses_probability=0.5,
        speed=SpeedSettings((0.9, 1.1), 0.5, new_speakers),
    )


def without(settings: AugmentationSettings, kind: str) -> AugmentationSettings:
    if kind == "speed":
        return replace(settings, speed=None)
    if kind == "reverberation":
        return replace(settings, responses=None, responses_probability=0.0)
    return replace(settings, noises={name: noise for name, noise in settings.noises.items() if name != kind})


def make(settings: AugmentationSettings, seed: int = 0) -> Augmentation:
    return Augmentation(settings, speakers=50, seed=seed)


def what_happened(augmentation: Augmentation, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Augment one batch, and note what is done to each crop instead of doing it."""
    seen: dict[str, Any] = {"rooms": [], "noises": []}

    def note_room(speech: torch.Tensor, response: torch.Tensor) -> torch.Tensor:
        seen["rooms"].append((float(speech[0]), float(response[0])))
        return speech

    def note_noises(speech: torch.Tensor, noises: list[tuple[torch.Tensor, float]]) -> torch.Tensor:
        seen["noises"].append([(float(noise[0]), snr_db) for noise, snr_db in noises])
        return speech

    monkeypatch.setattr("svfair.loading.augmentation.reverberate", note_room)
    monkeypatch.setattr("svfair.loading.augmentation.mix", note_noises)
    crops = [np.full(3200, number, np.float32) for number in range(len(LABELS))]
    speeds = augmentation.speeds(3, LABELS)
    seen["speeds"] = speeds.tolist()
    augmentation.augment(3, crops, np.zeros_like(speeds), 3200)
    return seen


def snrs_of(seen: dict[str, Any], low: float, high: float) -> list[list[float]]:
    return [[snr for _, snr in crop if low <= snr < high] for crop in seen["noises"]]


@pytest.mark.parametrize("kind", ["noise", "music", "babble", "reverberation", "speed"])
def test_a_kind_that_is_off_leaves_the_draws_of_the_others(
    folders: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    settings = everything(folders)
    full = what_happened(make(settings), monkeypatch)
    less = what_happened(make(without(settings, kind)), monkeypatch)
    assert (full["speeds"] == less["speeds"]) == (kind != "speed")
    assert (full["rooms"] == less["rooms"]) == (kind != "reverberation")
    if kind in ("speed", "reverberation"):
        assert full["noises"] == less["noises"]
    else:
        assert full["noises"] != less["noises"]
        for one, other in zip(full["noises"], less["noises"], strict=True):
            assert set(other) <= set(one)


def test_probabilities_and_ranges_are_kept(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = everything(folders)
    only_babble = without(without(settings, "noise"), "music")
    for part, low, high in (
        (only_babble, 13.0, 20.0),
        (without(without(settings, "babble"), "music"), 0.0, 15.0),
    ):
        found = snrs_of(what_happened(make(part), monkeypatch), low, high)
        assert 30 <= sum(map(len, found)) <= 70  # half of a hundred crops
        assert max(map(max, filter(None, found))) - min(map(min, filter(None, found))) > 0.8 * (high - low)
    speeds = np.array(what_happened(make(settings), monkeypatch)["speeds"])
    assert {0, 1, 2} == set(speeds.tolist())
    assert 30 <= np.count_nonzero(speeds) <= 70


def test_crops_of_a_new_speaker_stay_together(folders: Path) -> None:
    augmentation = make(everything(folders, new_speakers=True))
    speeds = augmentation.speeds(0, LABELS)
    assert (speeds[::2] == speeds[1::2]).all()
    labels = augmentation.relabel(LABELS, speeds)
    np.testing.assert_array_equal(labels, LABELS + 50 * speeds)
    assert augmentation.settings.label_copies == 3
    plain = make(everything(folders))
    np.testing.assert_array_equal(plain.relabel(LABELS, speeds), LABELS)
    assert plain.settings.label_copies == 1


def items(tones: Path, settings: AugmentationSettings | None, steps: list[int], seed: int = 0) -> list[Any]:
    manifest = read_manifest(tones)
    batches = SpeakerBalancedBatches(
        manifest.table, speakers_per_batch=4, utterances_per_speaker=2, seed=seed
    )
    augmentation = None if settings is None else Augmentation(settings, speakers=8, seed=seed)
    dataset = CropDataset(manifest, batches, seconds=0.3, augmentation=augmentation)
    return [dataset[step] for step in steps]


def test_a_step_is_the_same_whatever_went_before(folders: Path, tones: Path) -> None:
    settings = everything(folders, new_speakers=True)
    torch.manual_seed(1)
    through = items(tones, settings, [0, 1, 2, 3])
    torch.manual_seed(2)
    resumed = items(tones, settings, [2, 3])
    for one, other in zip(through[2:], resumed, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert through[0]["waveforms"].shape == (8, 4800)
    assert through[0]["waveforms"].dtype == torch.float32
    assert not torch.equal(items(tones, settings, [2], seed=1)[0]["waveforms"], resumed[0]["waveforms"])


def test_without_any_kind_crops_are_as_recorded(folders: Path, tones: Path) -> None:
    plain = items(tones, None, [0, 1])
    for settings in (AugmentationSettings(), replace(everything(folders), noises={}, speed=None)):
        settings = replace(settings, responses_probability=0.0)
        for one, other in zip(plain, items(tones, settings, [0, 1]), strict=True):
            assert all(torch.equal(one[name], other[name]) for name in one)


def test_folders_that_cannot_be_used_are_named(folders: Path) -> None:
    def noise(folder: str) -> AugmentationSettings:
        return AugmentationSettings(noises={"music": NoiseSettings(folders / folder, 0.5, (0.0, 1.0))})

    with pytest.raises(InputError, match=r"^augmentation.music.folder: no folder '.*gone'"):
        make(noise("gone"))
    (folders / "empty").mkdir()
    (folders / "empty" / "readme.txt").write_text("nothing")
    with pytest.raises(InputError, match=r"^augmentation.music.folder: '.*empty' holds no audio files"):
        make(noise("empty"))
    (folders / "music" / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"music.folder: .*bad.wav: cannot be read as audio"):
        make(noise("music"))
    soundfile.write(folders / "rooms" / "long.wav", np.zeros(16000 * 13), 16000)
    with pytest.raises(InputError, match=r"reverberation.folder: '.*long.wav' lasts 13.0 s"):
        make(AugmentationSettings(responses=folders / "rooms", responses_probability=0.5))
