import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from svfair.training import Recipe, read_recipe
from svfair.training.brain import MinMaxBrain


@pytest.fixture
def make(tiny: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recipe]:
    """Make a recipe that trains within a second, plain unless fields are given: `{"training.steps": 9}`."""
    path = tmp_path_factory.mktemp("recipes") / "tiny.yaml"
    path.write_text("name: tiny\n")

    def read(changes: dict[str, Any] | None = None) -> Recipe:
        given = {field: json.dumps(value, default=str) for field, value in (changes or {}).items()}
        return read_recipe(path, tiny | {"data.speakers_per_batch": "6"} | given)

    return read


@pytest.fixture
def interrupted_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """Have the user ask to stop during a step: `with interrupted_after(3): ...`."""

    @contextmanager
    def interrupted(step: int) -> Iterator[None]:
        with monkeypatch.context() as patched:
            is_now = property(lambda brain: brain.step == step, lambda *_: None)
            patched.setattr(MinMaxBrain, "stop_requested", is_now, raising=False)
            yield

    return interrupted
