from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.extractors import extractor_file


def test_an_extractor_is_named_by_its_run_or_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "extractor.safetensors"
    file.touch()
    assert extractor_file(tmp_path) == extractor_file(file) == file


@pytest.mark.fault("folders that cannot be used")
@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "{folder}: is not a run folder, and holds no extractor.safetensors"),
        (
            ("config.yaml",),
            "{folder}: its training is not complete, so there is no extractor.safetensors; resume it with "
            "`svfair train`",
        ),
    ],
)
def test_a_folder_without_extractor_is_named(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(InputError) as caught:
        extractor_file(tmp_path)
    assert str(caught.value) == message.format(folder=tmp_path)
