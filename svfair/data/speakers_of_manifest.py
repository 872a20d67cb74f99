from pathlib import Path

import polars as pl

from svfair.data.manifest import read_manifest
from svfair.data.speakers import with_country_region, with_gender


def speakers_of_manifest(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a manifest's speakers, with `gender` and `country_region` made uniform, and its utterances.

    Raises
    ------
    InputError
        When the manifest cannot be used.
    """
    utterances = read_manifest(path, check_audio=False)
    return with_country_region(with_gender(utterances.speakers())), utterances.table
