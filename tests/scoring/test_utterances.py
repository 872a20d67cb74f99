"""Recordings that an extractor can embed as a whole, in parts, or not at all."""

import inspect
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch.nn import functional
from typer.testing import CliRunner

from svfair.audio import AudioError, read_audio
from svfair.cli.embed import embed as embed_command
from svfair.cli.main import app
from svfair.errors import InputError
from svfair.extractors import EcapaExtractor, save_extractor
from svfair.manifests import Manifest, read_manifest
from svfair.scoring import embed
from svfair.scoring.embeddings import LONGEST_S

RATE = 16000


@pytest.fixture
def extractor() -> EcapaExtractor:
    torch.manual_seed(0)
    return EcapaExtractor(channels=8, embedding_size=6, mel_bands=16, attention_channels=8).eval()


def corpus(folder: Path, *seconds: float) -> Manifest:
    rows = ["utterance_id,path,speaker_id,session_id,duration_s"]
    for number, duration in enumerate(seconds):
        noise = np.random.default_rng(number).normal(0, 0.1, round(duration * RATE))
        soundfile.write(folder / f"{number}.wav", noise, RATE)
        rows.append(f"u{number},{number}.wav,s{number},x,{duration}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return read_manifest(folder / "manifest.csv")


def unit(extractor: EcapaExtractor, waveform: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return functional.normalize(extractor(torch.from_numpy(waveform)[None])[0], dim=0)


@pytest.mark.fault("audio too short to embed")
def test_short_utterances_are_named_and_counted_before_work_starts(
    tmp_path: Path, extractor: EcapaExtractor
) -> None:
    manifest = corpus(tmp_path, 1.0, 0.02, 0.5, 0.0399)
    done: list[int] = []
    with pytest.raises(InputError) as caught:
        embed(extractor, manifest, progress=done.append)
    assert str(caught.value) == (
        f"{manifest.source}: line 3: utterance 'u1' lasts 0.020 s, and the extractor needs 0.040 s; "
        "leave it out (1 more utterances like it)"
    )
    assert done == []


@pytest.mark.fault("audio too short to embed")
def test_the_command_writes_nothing_of_a_corpus_with_a_click(
    tmp_path: Path, extractor: EcapaExtractor
) -> None:
    manifest = corpus(tmp_path, 1.0, 0.02)
    save_extractor(extractor, tmp_path / "x.safetensors")
    paths = [str(tmp_path / name) for name in ("x.safetensors", "manifest.csv", "e.parquet")]
    result = CliRunner().invoke(app, ["embed", *paths])
    assert result.exit_code == 2
    assert f"svfair: {manifest.source}: line 3: utterance 'u1' lasts 0.020 s" in result.stderr
    assert not (tmp_path / "e.parquet").exists()


def test_the_shortest_recording_is_embedded(tmp_path: Path, extractor: EcapaExtractor) -> None:
    table = embed(extractor, corpus(tmp_path, 0.04, 0.05))
    assert np.isfinite(table["embedding"].to_numpy()).all()


def test_a_long_recording_is_the_mean_of_equal_parts(tmp_path: Path, extractor: EcapaExtractor) -> None:
    manifest = corpus(tmp_path, 3.0, 1.5, 1.0)
    found = embed(extractor, manifest, longest_s=1.25)["embedding"].to_numpy()
    whole = read_audio(manifest.recording(0))
    parts = torch.stack([unit(extractor, part) for part in np.split(whole, 3)])
    np.testing.assert_array_equal(found[0], functional.normalize(parts.mean(0), dim=0).numpy())
    halves = torch.stack([unit(extractor, half) for half in np.split(read_audio(manifest.recording(1)), 2)])
    np.testing.assert_array_equal(found[1], functional.normalize(halves.mean(0), dim=0).numpy())
    # Up to the bound, nothing changes.
    np.testing.assert_array_equal(found[2], unit(extractor, read_audio(manifest.recording(2))).numpy())
    np.testing.assert_array_equal(found[2], embed(extractor, manifest)["embedding"].to_numpy()[2])


def test_no_part_is_longer_than_the_bound(
    tmp_path: Path, extractor: EcapaExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    forward = EcapaExtractor.forward

    def counted(self: EcapaExtractor, waveforms: torch.Tensor) -> torch.Tensor:
        seen.append(waveforms.shape[-1])
        return forward(self, waveforms)

    monkeypatch.setattr(EcapaExtractor, "forward", counted)
    embed(extractor, corpus(tmp_path, 2.0, 2.01, 9.7), longest_s=2.0)
    assert max(seen) <= 2 * RATE
    assert sum(seen) == pytest.approx((2.0 + 2.01 + 9.7) * RATE, abs=10)


@pytest.mark.parametrize("longest_s", [0.0, -1.0, 0.079, float("nan")])
def test_a_bound_that_cuts_too_small_is_refused(
    tmp_path: Path, extractor: EcapaExtractor, longest_s: float
) -> None:
    message = rf"^longest_s: {longest_s:g} s is too short; name 0.08 s or more$"
    with pytest.raises(InputError, match=message):
        embed(extractor, corpus(tmp_path, 1.0), longest_s=longest_s)


def test_the_option_has_the_functions_default() -> None:
    assert inspect.signature(embed_command).parameters["longest_s"].default == LONGEST_S


@pytest.mark.fault("a device that is not there")
@pytest.mark.parametrize("device", ["cuda:77", "toaster", ""])
def test_a_device_that_is_not_there_is_named(tmp_path: Path, extractor: EcapaExtractor, device: str) -> None:
    with pytest.raises(InputError, match=rf"^device: '{device}' cannot be used \(.+\); cpu always can$"):
        embed(extractor, corpus(tmp_path, 1.0), device=device)


@pytest.mark.fault("embeddings that are not numbers")
def test_an_embedding_that_is_not_finite_is_named(tmp_path: Path, extractor: EcapaExtractor) -> None:
    manifest = corpus(tmp_path, 1.0, 0.5)
    with torch.no_grad():
        next(extractor.network.fc.parameters())[:] = torch.nan
    with pytest.raises(InputError) as caught:
        embed(extractor, manifest)
    assert str(caught.value) == (
        f"{manifest.source}: line 2: the embedding of utterance 'u0' is not finite, or all zeros; look at "
        "its recording and at the extractor's weights"
    )


@pytest.mark.fault("audio with samples that are not numbers")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound_are_named(tmp_path: Path, extractor: EcapaExtractor, value: float) -> None:
    manifest = corpus(tmp_path, 1.0, 1.0)
    noise = np.full(RATE, 0.1, np.float32)
    noise[8000] = value
    soundfile.write(tmp_path / "1.wav", noise, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"1.wav: holds samples .+ \(first at 0.500 s\)"):
        embed(extractor, manifest)


@pytest.mark.fault("audio without a sound")
def test_silence_is_told(tmp_path: Path, extractor: EcapaExtractor) -> None:
    manifest = corpus(tmp_path, 1.0, 1.0, 1.2)
    told: list[str] = []
    embed(extractor, manifest, tell=told.append)
    assert told == []
    for number, level in ((1, 0.0), (2, 2.0**-16)):
        samples = np.full(round(RATE * (1.0, 1.0, 1.2)[number]), level, np.float32)
        soundfile.write(tmp_path / f"{number}.wav", samples, RATE, subtype="FLOAT")
    embed(extractor, manifest, tell=told.append)
    assert told == ["2 of 3 utterances are silent, such as 'u1': their embeddings tell nothing of a voice."]
