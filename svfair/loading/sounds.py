"""A folder of sounds to augment with: scanned once, its headers read, its files drawn by number."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from svfair.audio.headers import read_header
from svfair.errors import InputError, Parameter
from svfair.manifests.recording import AUDIO_SUFFIXES


class SoundFolder:
    """All audio files below a folder, in the order of their paths.

    Parameters
    ----------
    folder
        Searched at every depth.
    field
        Setting that names the folder, for messages.
    longest_s
        Refuse files that last longer, in seconds; none: any length.

    Raises
    ------
    InputError
        When the folder is missing or holds no audio, a file cannot be read, or one lasts too long.
    """

    def __init__(self, folder: Path, *, field: str, longest_s: float | None = None) -> None:
        name = Parameter(field)
        if not folder.is_dir():
            raise InputError(name, f": no folder '{folder}'; name the folder that holds the files")
        found = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
        )
        if not found:
            raise InputError(name, f": '{folder}' holds no audio files ({', '.join(AUDIO_SUFFIXES)})")
        self.folder = folder
        # One flat column: a folder of room responses may have 60,000 files, and every worker has a copy.
        self._paths = pl.Series(found)

        def check(number: int) -> str | None:
            try:
                seconds = read_header(self[number]).duration_s
            except InputError as error:
                return str(error)
            if longest_s is not None and seconds > longest_s:
                return f"'{self[number]}' lasts {seconds:.1f} s; files of up to {longest_s:g} s are expected"
            return None

        with ThreadPoolExecutor(8) as pool:
            problem = next((text for text in pool.map(check, range(len(found))) if text), None)
        if problem is not None:
            raise InputError(name, f": {problem}")

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, number: int) -> Path:
        return self.folder / str(self._paths[number])

    def at(self, share: float) -> Path:
        """Return the file at a share in [0, 1) of the list: a uniform draw of one."""
        return self[int(share * len(self))]
