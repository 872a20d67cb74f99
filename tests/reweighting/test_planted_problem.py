"""A hidden group that is harder and rarer: the adversary must find it, and help it, without being told."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch

PATH = Path(__file__).parents[2] / "benchmarks" / "planted_problem.py"
SEEDS = range(4)


@cache
def planted() -> ModuleType:
    specification = importlib.util.spec_from_file_location("planted_problem", PATH)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["planted_problem"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@cache
def hidden_eer(loss: str, seed: int) -> float:
    return planted().train("plain", "noisy", seed, loss=loss).hidden_eer


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "method"),
    [
        ("pair_logistic", "accumulated"),
        ("pair_logistic", "pseudo_label"),
        ("pair_logistic", "pairwise"),
        ("angular_prototypical", "pairwise"),
    ],
)
def test_every_formulation_finds_and_helps_the_hidden_group(loss: str, method: str) -> None:
    results = [planted().train(method, "noisy", seed, loss=loss) for seed in SEEDS]
    _, lowest_ratio, _ = planted().interval([result.weight_ratio for result in results])
    assert lowest_ratio > 1.1
    changes = [result.hidden_eer - hidden_eer(loss, result.seed) for result in results]
    mean, _, highest = planted().interval(changes)
    assert mean < -0.01
    assert highest < 0


@pytest.mark.slow
def test_random_weights_neither_find_nor_help_it() -> None:
    results = [planted().train("random_weights", "noisy", seed) for seed in SEEDS]
    changes = [result.hidden_eer - hidden_eer("pair_logistic", result.seed) for result in results]
    assert abs(planted().interval(changes)[0]) < 0.012
    assert planted().interval([result.weight_ratio for result in results])[1] < 1.1


def test_interval_is_student_s() -> None:
    mean, low, high = planted().interval([1.0, 2.0, 4.0])
    assert mean == pytest.approx(7 / 3)
    # t(0.975, 2) = 4.3027, standard error = 1.5275 / sqrt(3)
    assert (low, high) == pytest.approx((7 / 3 - 4.3027 * 0.88192, 7 / 3 + 4.3027 * 0.88192), abs=1e-3)


def test_mislabelled_speakers_have_two_voices() -> None:
    clean = planted().draw_voices("noisy", 100, 3)
    wrong = planted().draw_voices("noisy", 100, 3, mislabelled=0.05)
    assert int(wrong.is_mislabelled.sum()) == 5
    assert not clean.is_mislabelled.any()
    changed = (clean.utterances != wrong.utterances).flatten(1).any(1)
    assert torch.equal(changed, wrong.is_mislabelled)
