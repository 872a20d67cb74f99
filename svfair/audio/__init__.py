"""Recordings: reading, headers, MPEG-4, packed archives, channels and codecs."""

from svfair.audio.checks import check_audio, read_durations
from svfair.audio.headers import AudioHeader, read_header
from svfair.audio.mpeg4 import is_mpeg4
from svfair.audio.problems import AudioError, AudioProblem
from svfair.audio.reading import Waveform, read_audio, read_crop
from svfair.audio.shards import write_shard
from svfair.manifests.recording import AUDIO_SUFFIXES

__all__ = [
    "AUDIO_SUFFIXES",
    "AudioError",
    "AudioHeader",
    "AudioProblem",
    "Waveform",
    "check_audio",
    "is_mpeg4",
    "read_audio",
    "read_crop",
    "read_durations",
    "read_header",
    "write_shard",
]
