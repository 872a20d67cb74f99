import pytest
import torch

from svfair.losses import AamSoftmax, AngularPrototypical, LossSum, PairLogistic

LABELS = torch.tensor([0, 0, 1, 1, 2, 2])


def test_is_the_weighted_sum() -> None:
    embeddings = torch.randn(6, 4)
    pairs, classes = PairLogistic(), AamSoftmax(4, 3)
    found = LossSum([pairs, classes], [1.0, 0.3])(embeddings, LABELS)
    torch.testing.assert_close(found, pairs(embeddings, LABELS) + 0.3 * classes(embeddings, LABELS))


def test_losses_count_alike_unless_told_otherwise() -> None:
    pairs, classes = PairLogistic(), AamSoftmax(4, 3)
    assert LossSum([pairs, classes]).parts == [(1.0, pairs), (1.0, classes)]
    assert LossSum([pairs], [0.5]).parts == [(0.5, pairs)]


def test_sums_of_sums_multiply_their_coefficients() -> None:
    a, b, c = PairLogistic(), AamSoftmax(4, 3), AngularPrototypical()
    whole = LossSum([LossSum([a, b], [1.0, 0.5]), c], [0.2, 3.0])
    assert [coefficient for coefficient, _ in whole.parts] == pytest.approx([0.2, 0.1, 3.0])
    assert [part for _, part in whole.parts] == [a, b, c]
    assert len(list(whole.parameters())) == 5


def test_bad_sums_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LossSum([])
    with pytest.raises(ValueError, match="positive coefficient"):
        LossSum([PairLogistic()], [0.0])
    with pytest.raises(ValueError, match="each of 1 losses"):
        LossSum([PairLogistic()], [1.0, 2.0])
