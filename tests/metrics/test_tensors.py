"""Tensors are taken for the numbers that they hold."""

from typing import Any

import pytest

from svfair.errors import InputError
from svfair.metrics import cllr, equal_error_rate, gap, gini, make_trial_set, min_cllr, min_dcf, ratio, std
from svfair.metrics.inputs import speaker_names

torch: Any = pytest.importorskip("torch", reason="needs the extra `reweighting`")

# These have the same values in every precision.
SCORES, LABELS = [0.5, 0.125, 0.25, 0.375], [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bfloat16"])
def test_speakers_are_the_numbers_of_a_tensor(dtype: str) -> None:
    speakers = torch.tensor([100, 101, 100, 7], dtype=getattr(torch, dtype))
    for given in (speakers, list(speakers), iter(speakers)):
        assert speaker_names(given, "enrol") == ["100", "101", "100", "7"]


@pytest.mark.parametrize("measure", [equal_error_rate, min_dcf, cllr, min_cllr])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("has_gradient", [False, True])
def test_scores_and_labels_are_the_numbers_of_a_tensor(measure: Any, dtype: str, has_gradient: bool) -> None:
    scores = torch.tensor(SCORES, dtype=getattr(torch, dtype), requires_grad=has_gradient)
    for labels in (LABELS, torch.tensor(LABELS), torch.tensor(LABELS) > 0, torch.tensor(LABELS).long()):
        assert measure(scores, labels) == measure(SCORES, LABELS)


@pytest.mark.parametrize("measure", [gap, std, gini, ratio])
def test_rates_are_the_numbers_of_a_tensor(measure: Any) -> None:
    assert measure(torch.tensor(SCORES)) == measure(SCORES)


@pytest.mark.fault("tensors of another shape")
def test_columns_are_refused() -> None:
    column = torch.zeros(4, 1)
    with pytest.raises(InputError, match=r"one number a trial, not the shapes \(4, 1\) and \(4,\)$"):
        equal_error_rate(column, LABELS)
    with pytest.raises(
        InputError, match=r"^enrol: must be a list with one value a trial, not Tensor of shape"
    ):
        make_trial_set(SCORES, LABELS, column, ["a"] * 4)
    with pytest.raises(InputError, match=r"^test: trial 2: 'nan' is no id of a speaker$"):
        make_trial_set(SCORES, LABELS, ["a"] * 4, torch.tensor([1, torch.nan, 1, 1]))
