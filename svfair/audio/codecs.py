"""Lossy codecs, in memory: what a recording loses on its way."""

import io

import numpy as np
import soundfile
import soxr

from svfair.audio.reading import Waveform

_NONE = "none"

#: Name to format, subtype, rate in Hz and compression level (0 best, 1 smallest) of libsndfile.
_CODECS: dict[str, tuple[str, str, int, float | None]] = {
    "vorbis": ("OGG", "VORBIS", 16000, 0.9),
    "opus": ("OGG", "OPUS", 16000, 0.9),
    "mp3": ("MP3", "MPEG_LAYER_III", 16000, 0.9),
    "gsm": ("WAV", "GSM610", 8000, None),
    "mu-law": ("WAV", "ULAW", 8000, None),
}

CODECS = (_NONE, *_CODECS)


def pass_codec(waveform: Waveform, codec: str, sample_rate: int = 16000) -> Waveform:
    """Encode and decode a waveform, shape (samples,), with one of `CODECS`; the length stays."""
    if codec == _NONE:
        return waveform
    container, subtype, rate, level = _CODECS[codec]
    coded = soxr.resample(waveform, sample_rate, rate) if rate != sample_rate else waveform
    file = io.BytesIO()
    soundfile.write(file, coded, rate, format=container, subtype=subtype, compression_level=level)
    file.seek(0)
    decoded, decoded_rate = soundfile.read(file, dtype="float32")
    if decoded_rate != sample_rate:
        decoded = soxr.resample(decoded, decoded_rate, sample_rate)
    decoded = decoded[: len(waveform)]
    return np.pad(decoded, (0, len(waveform) - len(decoded)))
