"""What an extractor cannot have or take is told before anything is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor
from svfair.training import Recipe, complete_run
from svfair.training.recipe import Data


@pytest.mark.fault("settings of a model that are none")
@pytest.mark.parametrize("field", ["channels", "embedding_size", "mel_bands", "attention_channels"])
def test_sizes_beyond_all_memory_are_fields_of_the_recipe(make: Callable[..., Recipe], field: str) -> None:
    with pytest.raises(InputError, match=rf"field 'extractor.{field}': .* equal to 16384, not 8000000000$"):
        make({f"extractor.{field}": 8 * 10**9})


@pytest.mark.fault("settings of a model that are none")
def test_what_an_extractor_cannot_have_is_a_field_of_the_recipe(make: Callable[..., Recipe]) -> None:
    with pytest.raises(InputError, match=r"field 'extractor.channels': .* a multiple of 8, not 12$"):
        make({"extractor.channels": 12})


def test_the_shortest_crop_can_be_embedded() -> None:
    bounds = Data.model_fields["crop_seconds"].metadata
    [shortest] = [bound.gt for bound in bounds if hasattr(bound, "gt")]
    assert EcapaExtractor(channels=8).shortest_samples <= shortest * 16000


@pytest.mark.fault("audio too short to embed")
def test_a_held_out_click_is_told_before_training(
    make: Callable[..., Recipe], tones: Path, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {
        "data.manifest": tones,
        "data.speakers_per_batch": 3,
        "evaluation.match": [],
    }
    clicks = tones.parent / "audio"
    for path in clicks.iterdir():  # of every speaker, so that some are held out
        if path.stem.endswith("-0-0"):
            soundfile.write(path, 0.1 * np.ones(320), 16000)
    # Within what a stated duration may be off: the real one decides.
    tones.write_text(tones.read_text().replace("0.75", "0.4"))
    with pytest.raises(InputError) as caught:
        complete_run(make(changes), tmp_path / "run", resume=False)
    message = str(caught.value)
    assert "lasts 0.020 s, and the extractor needs 0.040 s; leave it out (" in message
    assert not (tmp_path / "run").exists()
