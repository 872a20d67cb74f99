import pytest
import torch

from svfair.losses import PairLogistic
from svfair.reweighting import PlainTraining

LABELS = torch.tensor([0, 0, 1, 1])


def test_plain_training_is_the_loss() -> None:
    loss = PairLogistic()
    objective = PlainTraining(loss)
    embeddings = torch.randn(4, 3)
    torch.testing.assert_close(objective(embeddings, LABELS), loss(embeddings, LABELS))
    objective.take_turn(embeddings, LABELS)
    assert int(objective.steps) == 1
    assert objective.learner_parameters() == list(loss.parameters())
    assert objective.adversary_parameters() == []
    assert objective.diagnostics(embeddings, LABELS) is None


def test_gathering_needs_a_process_group() -> None:
    with pytest.raises(RuntimeError, match=r"needs torch.distributed.init_process_group"):
        PlainTraining(PairLogistic(), gather=True)(torch.randn(4, 3), LABELS)
