import dataclasses

import pytest
import torch

from svfair.losses import Comparisons

VALUES = torch.tensor([1.0, 2.0, 6.0, 3.0], dtype=torch.float64)


def make(**given: object) -> Comparisons:
    """Two rows, utterances 2 and 0, against speakers of utterances 0 to 2 and of 2 and 3."""
    target = torch.tensor([[True, False], [True, False]])
    found = Comparisons(torch.zeros(2, 2), target, torch.ones_like(target), torch.tensor([2, 0]))
    return dataclasses.replace(found, **given)  # type: ignore[arg-type]


def test_rows_carry_the_values_of_their_utterances() -> None:
    assert make().over_rows(VALUES).tolist() == [6, 1]


def test_columns_carry_the_mean_of_their_members_or_the_values_themselves() -> None:
    assert make().over_columns(VALUES).tolist() == [[1, 2, 6, 3]]
    # In single precision, as a loss has them; the values are in double precision.
    members = torch.tensor([[0.25, 0.25, 0.5, 0.0], [0.0, 0.0, 0.5, 0.5]])
    assert make(column_members=members).over_columns(VALUES).tolist() == [[3.75, 4.5]]


def test_a_column_that_leaves_out_its_row_carries_the_mean_of_the_others() -> None:
    members = torch.tensor([[1 / 4] * 4, [0.0, 0.0, 0.5, 0.5]], dtype=torch.float64)
    found = make(column_members=members, column_leaves_out_row=True).over_columns(VALUES)
    # Without utterance 2: (1 + 2 + 3) / 3; without utterance 0: (2 + 6 + 3) / 3.
    assert found.flatten().tolist() == pytest.approx([2, 4.5, 11 / 3, 4.5])


def test_a_column_of_the_row_alone_stays_finite() -> None:
    members = torch.eye(4, dtype=torch.float64)[[2, 0]]
    target = torch.eye(2, dtype=torch.bool)
    found = make(is_target=target, column_members=members, column_leaves_out_row=True).over_columns(VALUES)
    assert found.tolist() == [[0, 1], [6, 0]]


def test_detached_comparisons_differ_in_the_gradient_alone() -> None:
    scores = torch.randn(2, 2, requires_grad=True)
    one = make(scores=2 * scores, column_leaves_out_row=True)
    found = one.detached()
    assert not found.scores.requires_grad
    assert found.scores.tolist() == one.scores.tolist()
    for field in dataclasses.fields(Comparisons)[1:]:
        assert getattr(found, field.name) is getattr(one, field.name)
