"""The old place of `svfair.audio`."""

from svfair.audio import Waveform, read_audio, read_crop

__all__ = ["Waveform", "read_audio", "read_crop"]
