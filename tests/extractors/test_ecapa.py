import json
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
    from safetensors.torch import save_file

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
