"""Every corpus that `svfair prepare` knows, imported when it is asked for."""

from collections.abc import Mapping
from importlib import import_module

from svfair.corpora.corpus import Corpus

#: Name of the command to module and class; a new corpus is a line here and a file.
CORPORA: Mapping[str, str] = {
    "voxceleb1": "voxceleb:VoxCeleb1",
    "voxceleb2": "voxceleb:VoxCeleb2",
    "common-voice": "common_voice:CommonVoice",
    "vctk": "vctk:Vctk",
    "librispeech": "librispeech:LibriSpeech",
    "audiomnist": "audiomnist:AudioMnist",
    "cn-celeb": "cn_celeb:CnCeleb",
    "speech-accent-archive": "speech_accent_archive:SpeechAccentArchive",
    "table": "table:Table",
}


def load_corpus(name: str) -> type[Corpus]:
    """Return the class of a corpus; raise KeyError when there is none of that name."""
    module, _, kind = CORPORA[name].partition(":")
    found: type[Corpus] = getattr(import_module(f"svfair.corpora.{module}"), kind)
    return found
