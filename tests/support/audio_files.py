"""Content of small audio files of every format, for tests that damage them."""

import io
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16000

#: Suffix to container and subtype of libsndfile.
_FORMATS: dict[str, tuple[str, str]] = {
    "wav": ("WAV", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "gsm.wav": ("WAV", "GSM610"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "wavex.wav": ("WAVEX", "PCM_24"),
    "rf64.wav": ("RF64", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "sph": ("NIST", "PCM_16"),
}

SUFFIXES = (*_FORMATS, "m4a", "alac.m4a")


def encode(suffix: str, waveform: npt.NDArray[np.float64]) -> bytes:
    """Encode float (samples,) at 16 kHz as the content of a file of one of `SUFFIXES`."""
    if suffix.endswith("m4a"):
        return encode_mpeg4(waveform[:, None], RATE, "alac" if suffix.startswith("alac") else "aac")
    file = io.BytesIO()
    container, subtype = _FORMATS[suffix]
    soundfile.write(file, waveform, RATE, format=container, subtype=subtype)
    return file.getvalue()


def encode_mpeg4(waveform: npt.NDArray[np.float64], rate: int, codec: str = "aac") -> bytes:
    """Encode float (samples, channels) as the content of an m4a file."""
    content = io.BytesIO()
    channels = waveform.shape[1]
    layout, kind = ("mono", "stereo")[channels - 1], {"aac": "fltp", "alac": "s16p"}[codec]
    with av.open(content, "w", format="ipod") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec == "aac":
            stream.bit_rate = 64000 * channels
        values = np.ascontiguousarray(waveform.T)
        planar = values.astype(np.float32) if kind == "fltp" else np.round(values * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(planar, format=kind, layout=layout)
        # Without a time stamp no edit list is written, and the encoder's delay would stay in.
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for part in (frame, None):
            for packet in stream.encode(part):
                container.mux(packet)
    return content.getvalue()
