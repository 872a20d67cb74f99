import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.nnet.CNN import Conv1d
from torch import Tensor, nn

from svfair.errors import InputError, Parameter, shown
from svfair.files import written_whole
from svfair.manifests import TrainedSpeakers

#: Key in the metadata of safetensors.
_TRAINED = "trained_speakers"

#: A Res2Net block cuts its channels into this many parts.
_RES2_SCALE = 8

#: Of all sizes; above, the weights alone would take hundreds of gigabytes.
_SIZES = (1, 16_384)

#: In Hz: the 400 points of the spectrum hold a window of 25 ms up to 16 kHz.
_BOUNDS = {"sample_rate": (1_000, 16_000)}


class EcapaExtractor(nn.Module):
    """Waveforms to speaker embeddings: log-mel filterbank, mean normalisation, SpeechBrain's ECAPA-TDNN.

    Desplanques et al., "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation in TDNN
    Based Speaker Verification", Interspeech 2020.

    Parameters
    ----------
    channels
        Width C of the convolutional layers; 512 and 1024 in the paper, 64 to 128 for a machine without GPU.
    embedding_size
        Size of an embedding.
    mel_bands
        Number of mel bands.
    attention_channels
        Width of the attention that pools over time.
    sample_rate
        Of the waveforms, in Hz.

    Attributes
    ----------
    shortest_samples
        The fewest samples that can be embedded; shorter waveforms are refused.

    Raises
    ------
    InputError
        When a size is none that the network can have.
    """

    #: Whom it was trained on; None when nobody tells. It goes with the weights into a file.
    trained_speakers: TrainedSpeakers | None = None

    def __init__(
        self,
        channels: int = 512,
        embedding_size: int = 192,
        mel_bands: int = 80,
        attention_channels: int = 128,
        sample_rate: int = 16000,
    ) -> None:
        super().__init__()
        self.settings = {
            "channels": channels,
            "embedding_size": embedding_size,
            "mel_bands": mel_bands,
            "attention_channels": attention_channels,
            "sample_rate": sample_rate,
        }
        _check(self.settings)
        self.features = Fbank(n_mels=mel_bands, sample_rate=sample_rate)
        self.network = ECAPA_TDNN(
            mel_bands,
            lin_neurons=embedding_size,
            channels=[channels] * 4 + [3 * channels],
            attention_channels=attention_channels,
        )
        # Ends are padded by reflection, which takes one frame more than it pads; n hops make n + 1 frames.
        padded = max(
            layer.dilation * (layer.kernel_size - 1) // 2
            for layer in self.network.modules()
            if isinstance(layer, Conv1d)
        )
        self.shortest_samples = int(padded * self.features.compute_STFT.hop_length)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_size), not normalised, of waveforms (batch, samples).

        Raises
        ------
        InputError
            When they are shorter than `shortest_samples`.
        """
        if waveforms.shape[-1] < self.shortest_samples:
            raise InputError(
                f"waveforms of {waveforms.shape[-1]} samples are too short for the extractor; "
                f"it needs {self.shortest_samples}"
            )
        # Spectra of whole-float32 audio: under autocast their logarithms would lose the quiet bands.
        with torch.no_grad(), torch.autocast(waveforms.device.type, enabled=False):
            features = self.features(waveforms.float())
            features = features - features.mean(dim=1, keepdim=True)
        embeddings: Tensor = self.network(features)
        return embeddings.squeeze(1)


def save_extractor(extractor: EcapaExtractor, path: Path) -> None:
    """Write weights and settings into one safetensors file.

    Raises
    ------
    InputError
        When a weight is not finite, or the file cannot be written.
    """
    weights = {name: tensor.contiguous() for name, tensor in extractor.network.state_dict().items()}
    _check_finite(weights, path)
    with written_whole(path) as temporary:
        # Written by Python, so that a full disk is an OSError.
        temporary.write_bytes(save(weights, metadata=_metadata(extractor)))


def load_extractor(path: Path) -> EcapaExtractor:
    """Read what `save_extractor` wrote; nothing in the file is executed.

    Raises
    ------
    InputError
        When the file is missing, is not such a file, or holds a weight that is not finite.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such extractor; `svfair train` writes one into its run folder")
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            settings: dict[str, Any] = json.loads(metadata["ecapa"])
            # Built without memory first: the sizes in the settings may be anything.
            with torch.device("meta"):
                expected = EcapaExtractor(**settings).network.state_dict()
            for name, weight in expected.items():
                shape = tuple(file.get_slice(name).get_shape())
                if shape != weight.shape:
                    raise ValueError(f"{name} is {shape}, not {tuple(weight.shape)} as its settings say")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        extractor = EcapaExtractor(**settings)
        extractor.network.load_state_dict(weights)
        if _TRAINED in metadata:
            extractor.trained_speakers = TrainedSpeakers.from_text(metadata[_TRAINED])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        reason = shown(next(iter(str(error).splitlines()), type(error).__name__), 200)
        raise InputError(f"{path}: not an extractor that svfair saved ({reason})") from error
    _check_finite(weights, path)
    return extractor.eval()


def _metadata(extractor: EcapaExtractor) -> dict[str, str]:
    trained = extractor.trained_speakers
    return {"ecapa": json.dumps(extractor.settings)} | (
        {} if trained is None else {_TRAINED: trained.to_text()}
    )


def _check(settings: dict[str, int]) -> None:
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(Parameter(name), f": {shown(repr(value))} is not a whole number")
        lowest, highest = _BOUNDS.get(name, _SIZES)
        if not lowest <= value <= highest:
            raise InputError(Parameter(name), f": {shown(value)} is not between {lowest:,} and {highest:,}")
    if settings["channels"] % _RES2_SCALE:
        raise InputError(
            Parameter("channels"), f": {settings['channels']} is not a multiple of {_RES2_SCALE}"
        )


def _check_finite(weights: dict[str, Tensor], path: Path) -> None:
    broken = [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise InputError(
            f"{path}: {len(broken)} of {len(weights)} tensors hold numbers that are not finite, the first is "
            f"'{broken[0]}'; train anew, with a lower training.learning_rate"
        )
