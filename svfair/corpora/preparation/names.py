"""Names of the files that are written: the utterances' ids, but for those that would not do."""

import hashlib
import unicodedata
from collections.abc import Sequence

from svfair.manifests.recording import AUDIO_SUFFIXES

#: Where files go whose utterance's id cannot be their name.
_FOLDER = "renamed"

#: File systems allow 255 bytes; a piece's name and an ending follow.
_MOST_BYTES, _MOST_BYTES_IN_ALL = 180, 1000


def file_names(utterances: Sequence[str], *, cut: bool) -> list[str]:
    """Return the name of each utterance's file without its ending, so that no two are one file.

    That is the id without an ending of audio. Where this is no name of a file, or the same as another's (also
    where a disk takes large and small letters for one, or as another's folder), it is made of a hash.

    Parameters
    ----------
    utterances
        Ids, each once; of two that collide, the first keeps its name.
    cut
        Whether these are recordings that are cut: `-` and the name of a piece follow then.
    """
    names = [one if cut else _without_suffix(one) for one in utterances]
    keys = [_key(name) for name in names]
    folders = {f"{part}/" for key in keys for part in _above(key)}
    taken: set[str] = set()
    result = []
    for utterance, name, key in zip(utterances, names, keys, strict=True):
        begins_as_another = cut and any(key[:at] in taken for at, letter in enumerate(key) if letter == "-")
        if key in taken or f"{key}.flac/" in folders or begins_as_another or not _is_name(name):
            name = f"{_FOLDER}/{hashlib.sha256(utterance.encode()).hexdigest()[:32]}"
        taken.add(key)
        result.append(name)
    return result


def _without_suffix(utterance: str) -> str:
    for suffix in AUDIO_SUFFIXES:
        utterance = utterance.removesuffix(suffix)
    return utterance


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _above(key: str) -> list[str]:
    parts = key.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_name(name: str) -> bool:
    parts = name.split("/")
    return (
        name.isprintable()
        and len(name.encode()) <= _MOST_BYTES_IN_ALL
        and parts[0].casefold() != _FOLDER
        and all(0 < len(part.encode()) <= _MOST_BYTES and part not in (".", "..") for part in parts)
    )
