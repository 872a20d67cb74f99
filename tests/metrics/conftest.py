from collections.abc import Callable

import pytest
from measuring import Trials, simulate


@pytest.fixture
def make_trials() -> Callable[..., Trials]:
    return simulate
