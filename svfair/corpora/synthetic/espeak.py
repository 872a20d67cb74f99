"""Speech from espeak-ng through ctypes: many voices, each a variant file in a data folder of our own."""

import ctypes
import importlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from svfair.errors import InputError

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS of speak_lib.h: samples go to the callback alone
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: report a bad data folder instead of ending the process
_UTF8 = 1  # espeakCHARS_UTF8
_RATE = 1  # espeakRATE, in words a minute

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def require_espeak() -> tuple[Path, Path]:
    """Return the library and its data folder.

    Raises
    ------
    InputError
        When the optional package espeakng-loader is not installed.
    """
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise InputError(
            "synthetic speech needs the package espeakng-loader: run pip install 'svfair[demo]'"
        ) from error
    return Path(loader.get_library_path()), Path(loader.get_data_path())


def write_voices(folder: Path, variants: Mapping[str, str]) -> None:
    """Make a data folder with English and the given voice variants, and nothing else.

    espeak-ng lists at most 350 voices and silently falls back to its default for the others; a folder with
    few keeps far from that.

    Parameters
    ----------
    folder
        New folder; the data lie in `folder / "espeak-ng-data"`.
    variants
        Name to the content of its variant file.
    """
    _, source = require_espeak()
    data = folder / "espeak-ng-data"
    (data / "voices" / "!v").mkdir(parents=True)
    (data / "lang" / "gmw").mkdir(parents=True)
    for name in ("phondata", "phonindex", "phontab", "intonations", "en_dict"):
        shutil.copyfile(source / name, data / name)
    for accent in (source / "lang" / "gmw").glob("en*"):
        shutil.copyfile(accent, data / "lang" / "gmw" / accent.name)
    for name, content in variants.items():
        (data / "voices" / "!v" / name).write_text(content, encoding="utf-8")


class Espeak:
    """The synthesiser. It is a C library with one global state: make one instance a process.

    Parameters
    ----------
    folder
        A folder that `write_voices` made.

    Raises
    ------
    InputError
        When the library cannot be started with that folder.
    """

    def __init__(self, folder: Path) -> None:
        library, _ = require_espeak()
        self._library = ctypes.CDLL(str(library))
        self._library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        self._chunks: list[npt.NDArray[np.int16]] = []
        # The library keeps the pointer alone: without this reference the callback would be collected.
        self._callback = _Callback(self._collect)
        data = str(folder / "espeak-ng-data").encode()
        self.sample_rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self.sample_rate <= 0:
            raise InputError(f"{folder}: espeak-ng cannot be started with this data folder")
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, text: str, *, accent: str, variant: str, words_per_minute: int, seed: int
    ) -> npt.NDArray[np.float32]:
        """Speak a text; return mono float32 samples in [-1, 1] at `sample_rate`.

        Breath and flutter are random: `seed` sets their numbers. Even so an utterance depends a little on
        what the same process spoke before it, and starting the library anew does not clear that: what has
        to be repeatable is spoken in the same order from a fresh process.

        Raises
        ------
        RuntimeError
            When the voice is not there or the synthesis fails.
        """
        voice = f"{accent}+{variant}".encode()
        if self._library.espeak_SetVoiceByName(voice) != 0:
            raise RuntimeError(f"espeak-ng does not know the voice {voice.decode()}")
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._library.espeak_ng_SetRandSeed(seed)
        self._chunks.clear()
        content = text.encode()
        failed = self._library.espeak_Synth(content, len(content) + 1, 0, 1, 0, _UTF8, None, None)
        if failed or not self._chunks:
            raise RuntimeError(f"espeak-ng could not speak '{text}' as {voice.decode()}")
        samples = np.concatenate(self._chunks)
        return samples.astype(np.float32) / np.float32(32768)

    def _collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0
