import json
import resource
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor, load_extractor, save_extractor
from svfair.manifests import TrainedSpeakers


def test_saved_and_loaded_it_embeds_alike(tmp_path: Path) -> None:
    torch.manual_seed(0)
    extractor = EcapaExtractor(channels=8, embedding_size=12, mel_bands=20, attention_channels=4)
    waveforms = 0.1 * torch.randn(3, 8000)
    extractor(waveforms)  # moves the statistics of batch normalisation, which have to be saved too
    save_extractor(extractor, tmp_path / "e.safetensors")
    loaded = load_extractor(tmp_path / "e.safetensors")
    assert not loaded.training
    assert loaded.settings == extractor.settings
    with torch.inference_mode():
        expected = extractor.eval()(waveforms)
        assert expected.shape == (3, 12)
        assert torch.equal(loaded(waveforms), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["e.safetensors"]
    assert loaded.trained_speakers is None
    before = load_file(tmp_path / "e.safetensors")
    extractor.trained_speakers = TrainedSpeakers.of(["a", "b"])
    save_extractor(extractor, tmp_path / "e.safetensors")
    assert load_extractor(tmp_path / "e.safetensors").trained_speakers == TrainedSpeakers.of(["b", "a"])
    after = load_file(tmp_path / "e.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("channels", [64, 128])
def test_width_is_configuration(channels: int) -> None:
    extractor = EcapaExtractor(channels=channels)
    assert extractor.network.blocks[0].conv.conv.out_channels == channels


def test_level_does_not_matter() -> None:
    torch.manual_seed(0)
    extractor = EcapaExtractor(channels=8, embedding_size=12).eval()
    waveform = 0.1 * torch.randn(1, 8000)
    with torch.inference_mode():
        torch.testing.assert_close(extractor(waveform), extractor(0.5 * waveform), rtol=1e-3, atol=1e-3)


def test_files_that_are_no_extractor_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.safetensors: no such extractor"):
        load_extractor(tmp_path / "gone.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(InputError, match=r"text.safetensors: not an extractor"):
        load_extractor(tmp_path / "text.safetensors")

    save_file({"a": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"other.safetensors: not an extractor"):
        load_extractor(tmp_path / "other.safetensors")


@pytest.mark.fault("metadata of trained speakers that are damaged")
def test_damaged_trained_speakers_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    extractor = EcapaExtractor(channels=8, embedding_size=12, mel_bands=20, attention_channels=4)
    weights = {name: tensor.contiguous() for name, tensor in extractor.network.state_dict().items()}
    metadata = {"ecapa": json.dumps(extractor.settings), "trained_speakers": "AAAA"}
    save_file(weights, path, metadata=metadata)
    with pytest.raises(InputError) as caught:
        load_extractor(path)
    assert str(caught.value) == (
        f"{path}: not an extractor that svfair saved (its trained speakers are cut off)"
    )


@pytest.mark.parametrize("sample_rate", [1000, 8000, 11025, 16000])
@pytest.mark.parametrize("channels", [8, 64])
@pytest.mark.parametrize("training", [True, False])
def test_the_shortest_waveform_is_embedded_and_a_shorter_one_refused(
    sample_rate: int, channels: int, training: bool
) -> None:
    extractor = EcapaExtractor(channels, 8, 20, 8, sample_rate).train(training)
    shortest = extractor.shortest_samples
    assert shortest == 4 * round(sample_rate / 100)
    # The network itself takes no less.
    assert torch.isfinite(extractor(torch.randn(2, shortest))).all()
    extractor.shortest_samples = 0
    with pytest.raises(RuntimeError):
        extractor(torch.randn(2, shortest - 1))


@pytest.mark.fault("audio too short to embed")
def test_waveforms_that_are_too_short_are_refused() -> None:
    message = r"^waveforms of 639 samples are too short for the extractor; it needs 640$"
    with pytest.raises(InputError, match=message):
        EcapaExtractor(channels=8)(torch.randn(1, 639))


GOOD = {"channels": 8, "embedding_size": 8, "mel_bands": 16, "attention_channels": 8, "sample_rate": 16000}


@pytest.mark.fault("settings of a model that are none")
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sample_rate", 0, "0 is not between 1,000 and 16,000"),
        ("sample_rate", 1, "1 is not between 1,000 and 16,000"),
        ("sample_rate", 10**9, "1000000000 is not between 1,000 and 16,000"),
        ("sample_rate", 44100, "44100 is not between 1,000 and 16,000"),
        ("sample_rate", 16000.0, "16000.0 is not a whole number"),
        ("channels", 7, "7 is not a multiple of 8"),
        ("channels", 0, "0 is not between 1 and 16,384"),
        ("channels", -8, "-8 is not between 1 and 16,384"),
        ("channels", 10**9, "1000000000 is not between 1 and 16,384"),
        ("channels", 10**300, "1" + "0" * 59 + "… is not between 1 and 16,384"),
        ("channels", "8", "'8' is not a whole number"),
        ("channels", None, "None is not a whole number"),
        ("channels", [8], r"[8] is not a whole number"),
        ("channels", True, "True is not a whole number"),
        ("embedding_size", 0, "0 is not between 1 and 16,384"),
        ("embedding_size", float("nan"), "nan is not a whole number"),
        ("mel_bands", -1, "-1 is not between 1 and 16,384"),
        ("attention_channels", 10**12, "1000000000000 is not between 1 and 16,384"),
    ],
)
def test_settings_of_a_file_that_are_none_are_named(
    tmp_path: Path, name: str, value: object, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        EcapaExtractor(**(GOOD | {name: value}))  # type: ignore[arg-type]
    assert str(caught.value) == f"{name}: {reason}"
    path = with_settings(tmp_path, GOOD | {name: value})
    with pytest.raises(InputError) as caught:
        load_extractor(path)
    assert str(caught.value) == f"{path}: not an extractor that svfair saved ({name}: {reason})"


def with_settings(folder: Path, settings: object) -> Path:
    """Save a good extractor under other settings; a text is taken as it is."""

    torch.manual_seed(0)
    weights = EcapaExtractor(**GOOD).network.state_dict()
    text = settings if isinstance(settings, str) else json.dumps(settings)
    save_file(weights, folder / "e.safetensors", metadata={"ecapa": text})
    return folder / "e.safetensors"


@pytest.mark.fault("settings of a model that are none")
@pytest.mark.parametrize(
    "settings",
    [
        GOOD | {"colour": 3},
        GOOD | {"channels": 16},
        GOOD | {"channels": 16_384, "embedding_size": 16_384},
        GOOD | {"mel_bands": 17},
        GOOD | {"embedding_size": 9},
        [],
        [GOOD],
        3,
        None,
        "",
        "{",
        "[" * 100_000,
        '{"channels": NaN}',
        '{"channels": 1' + "0" * 5000 + "}",
    ],
    ids=lambda settings: str(settings)[:40],
)
def test_settings_that_do_not_fit_the_weights_are_refused_without_memory(
    tmp_path: Path, settings: object
) -> None:
    path = with_settings(tmp_path, settings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as caught:
        load_extractor(path)
    assert str(caught.value).startswith(f"{path}: not an extractor that svfair saved (")
    assert len(str(caught.value).splitlines()) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.fault("a model whose weights are damaged")
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_named(tmp_path: Path, value: float) -> None:
    extractor = EcapaExtractor(**GOOD)
    with torch.no_grad():
        extractor.network.fc.conv.bias[3] = value
    path = tmp_path / "e.safetensors"
    told = r"e.safetensors: 1 of \d+ tensors hold numbers that are not finite, the first is 'fc.conv.bias'"
    with pytest.raises(InputError, match=told):
        save_extractor(extractor, path)
    assert not path.exists()
    save_file(extractor.network.state_dict(), path, metadata={"ecapa": json.dumps(extractor.settings)})
    with pytest.raises(InputError, match=told):
        load_extractor(path)


@pytest.mark.fault("a model whose weights are damaged")
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, 5000, 0.5, 0.99])
def test_a_model_that_is_cut_off_is_named(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "e.safetensors"
    save_extractor(EcapaExtractor(**GOOD), path)
    content = path.read_bytes()
    path.write_bytes(content[: round(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(InputError, match=r"e.safetensors: not an extractor that svfair saved \(.+\)$"):
        load_extractor(path)
