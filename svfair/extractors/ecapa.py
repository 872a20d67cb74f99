import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from torch import Tensor, nn

from svfair.errors import InputError
from svfair.files import written_whole
from svfair.manifests import TrainedSpeakers

#: Key in the metadata of safetensors.
_TRAINED = "trained_speakers"


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
        self.features = Fbank(n_mels=mel_bands, sample_rate=sample_rate)
        self.network = ECAPA_TDNN(
            mel_bands,
            lin_neurons=embedding_size,
            channels=[channels] * 4 + [3 * channels],
            attention_channels=attention_channels,
        )

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_size), not normalised, of waveforms (batch, samples)."""
        # Spectra of whole-float32 audio: under autocast their logarithms would lose the quiet bands.
        with torch.no_grad(), torch.autocast(waveforms.device.type, enabled=False):
            features = self.features(waveforms.float())
            features = features - features.mean(dim=1, keepdim=True)
        embeddings: Tensor = self.network(features)
        return embeddings.squeeze(1)


def save_extractor(extractor: EcapaExtractor, path: Path) -> None:
    """Write weights and settings into one safetensors file."""
    weights = {name: tensor.contiguous() for name, tensor in extractor.network.state_dict().items()}
    with written_whole(path) as temporary:
        save_file(weights, temporary, metadata=_metadata(extractor))


def load_extractor(path: Path) -> EcapaExtractor:
    """Read what `save_extractor` wrote; nothing in the file is executed.

    Raises
    ------
    InputError
        When the file is missing or is not such a file.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such extractor; `svfair train` writes one into its run folder")
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            settings: dict[str, Any] = json.loads(metadata["ecapa"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        extractor = EcapaExtractor(**settings)
        extractor.network.load_state_dict(weights)
        if _TRAINED in metadata:
            extractor.trained_speakers = TrainedSpeakers.from_text(metadata[_TRAINED])
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not an extractor that svfair saved ({reason})") from error
    return extractor.eval()


def _metadata(extractor: EcapaExtractor) -> dict[str, str]:
    trained = extractor.trained_speakers
    return {"ecapa": json.dumps(extractor.settings)} | (
        {} if trained is None else {_TRAINED: trained.to_text()}
    )
