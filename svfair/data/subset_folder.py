"""Folders that hold a part of a manifest: the manifest, its speakers, and how it was made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from svfair.data.manifest import Manifest, write_audio_root, write_manifest
from svfair.data.speakers import with_country_region
from svfair.errors import InputError
from svfair.files import written_whole


def check_empty(folder: Path) -> None:
    """Check that a folder is not there, or empty.

    Raises
    ------
    InputError
        When something is there: a part of one subset beside another would be read as one.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is there already and not empty; name another folder, or remove it")


def write_subset(
    part: pl.DataFrame,
    whole: Manifest,
    folder: Path,
    *,
    file_format: str = "parquet",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a part of a manifest into a folder of its own; the audio stays where it is.

    Parameters
    ----------
    part
        Rows of the manifest.
    whole
        The manifest they are of.
    folder
        Made if it is not there.
    file_format
        Of the manifest, `parquet` or `csv`.
    facts
        How it was made, for `manifest.json`.

    Raises
    ------
    InputError
        When the folder cannot be written, or a speaker has two genders or countries.
    """
    speakers = Manifest(with_country_region(part), whole.audio_root, whole.source).speakers()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from error
    manifest = folder / f"manifest.{file_format}"
    with written_whole(folder / "speakers.csv") as temporary:
        speakers.write_csv(temporary)
    # The manifest comes last: a folder that holds one is complete.
    write_audio_root(manifest, whole.audio_root, facts)
    write_manifest(part, manifest)
