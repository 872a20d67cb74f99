"""The manifest of a run's held-out speakers, kept in the run's folder."""

from pathlib import Path

from svfair.errors import InputError, Parameter
from svfair.manifests.manifest import Manifest, read_manifest, write_audio_root
from svfair.tables.writing import write_table

#: In a run folder.
HELD_OUT = "held_out.parquet"


def write_held_out(held_out: Manifest, run: Path) -> None:
    """Write the manifest of held-out speakers into a run folder; its audio stays where it is.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    write_audio_root(run / HELD_OUT, held_out.audio_root, {"made_by": "svfair train", "part": "held_out"})
    write_table(held_out.written, run / HELD_OUT)


def read_held_out(run: Path, *, audio_root: Path | None = None) -> Manifest:
    """Read the manifest of the speakers that a run held out.

    Parameters
    ----------
    run
        Run folder; its training need not be complete.
    audio_root
        What the paths are relative to, when the audio is no longer where it was.

    Raises
    ------
    InputError
        When it is no run folder, its run kept no such manifest, or the manifest cannot be read.
    """
    if not (run / "config.yaml").is_file():
        raise InputError(
            Parameter("run"),
            f" {run}: is not a run folder, it has no config.yaml; `svfair train` makes one",
        )
    if not (run / HELD_OUT).is_file():
        raise InputError(
            Parameter("run"),
            f" {run}: has no {HELD_OUT}, as runs of earlier versions; resume it with `svfair train` and its "
            "own config.yaml, which writes it and trains nothing anew",
        )
    return read_manifest(run / HELD_OUT, audio_root=audio_root)
