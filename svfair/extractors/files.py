from pathlib import Path

from svfair.errors import InputError

#: In a run folder; it is written when the training is complete.
EXTRACTOR = "extractor.safetensors"


def extractor_file(place: Path) -> Path:
    """Return the file of an extractor that is named by itself, or by the folder of its run.

    Raises
    ------
    InputError
        When a folder holds none.
    """
    if not place.is_dir():
        return place
    if (place / EXTRACTOR).is_file():
        return place / EXTRACTOR
    if (place / "config.yaml").is_file():
        raise InputError(
            f"{place}: its training is not complete, so there is no {EXTRACTOR}; "
            "resume it with `svfair train`"
        )
    raise InputError(f"{place}: is not a run folder, and holds no {EXTRACTOR}")
