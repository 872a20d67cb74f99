"""What an extractor makes of one recording, and which recordings are too short for it."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from svfair.audio import AudioError, read_audio, read_crop, read_durations
from svfair.errors import InputError, Parameter, shown
from svfair.extractors import EcapaExtractor
from svfair.manifests import Manifest
from svfair.manifests.recording import Recording
from svfair.tables.bad_lines import others_like_it


def on_device(extractor: EcapaExtractor, device: str) -> EcapaExtractor:
    """Move an extractor to a device.

    Raises
    ------
    InputError
        When there is no such device.
    """
    try:
        return extractor.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = shown(str(error).splitlines()[0], 120)
        raise InputError(
            Parameter("device"), f": '{shown(device)}' cannot be used ({reason}); cpu always can"
        ) from error


def check_durations(extractor: EcapaExtractor, manifest: Manifest) -> npt.NDArray[np.float64]:
    """Return how long the recordings of a manifest really are, in seconds, float64 (rows,).

    Raises
    ------
    InputError
        When a recording cannot be used, or is shorter than the extractor can embed; naming the first such
        utterance, and how many more there are.
    """
    durations = read_durations(manifest)
    rate, shortest = extractor.settings["sample_rate"], extractor.shortest_samples
    short = np.flatnonzero(np.floor(durations * rate + 1e-6) < shortest)
    if len(short):
        first = int(short[0])
        name = shown(manifest.table["utterance_id"][first])
        raise InputError(
            f"{manifest.source}: {manifest.place(first)}: utterance '{name}' lasts {durations[first]:.3f} s, "
            f"and the extractor needs {shortest / rate:.3f} s; leave it out"
            f"{others_like_it(len(short), 'utterances')}"
        )
    return durations


def embed_recording(
    extractor: EcapaExtractor, recording: Recording, duration_s: float, parts: int
) -> tuple[npt.NDArray[np.float32], float]:
    """Embed a recording as a whole, or in equal parts whose unit-norm embeddings are averaged.

    Returns
    -------
    embedding
        Unit norm, float32 (embedding_size,).
    peak
        The largest sample, without its sign.

    Raises
    ------
    AudioError
        When the recording cannot be read, or less of it is there than can be embedded.
    """
    rate = extractor.settings["sample_rate"]
    device = next(extractor.parameters()).device
    embeddings = []
    peak = 0.0
    for part in range(parts):
        if parts == 1:
            waveform = read_audio(recording, sample_rate=rate)
        else:  # positions 0 to 1: each part begins where the one before it ends
            waveform = read_crop(recording, part / (parts - 1), duration_s / parts, sample_rate=rate)
        if len(waveform) < extractor.shortest_samples:
            raise AudioError(str(recording.path), "is too short to be embedded", kind="cut off")
        peak = max(peak, float(np.abs(waveform).max()))
        with torch.inference_mode():
            embedding = extractor(torch.from_numpy(waveform).to(device)[None])[0]
            embeddings.append(functional.normalize(embedding, dim=0))
    mean = embeddings[0] if parts == 1 else functional.normalize(torch.stack(embeddings).mean(dim=0), dim=0)
    return mean.cpu().numpy(), peak
