import json
from collections.abc import Callable
from typing import Any

import pytest

from svfair.training import Recipe, read_recipe

Make = Callable[..., Recipe]


@pytest.fixture
def make(tiny: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make a recipe that trains within a second, plain unless fields are given: `{"training.steps": 9}`."""
    path = tmp_path_factory.mktemp("recipes") / "tiny.yaml"
    path.write_text("name: tiny\n")

    def read(changes: dict[str, Any] | None = None) -> Recipe:
        given = {field: json.dumps(value, default=str) for field, value in (changes or {}).items()}
        return read_recipe(path, tiny | {"data.speakers_per_batch": "6"} | given)

    return read
