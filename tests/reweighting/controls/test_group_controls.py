import math

import pytest
import torch
from torch import Tensor

from svfair.losses import (
    AamSoftmax,
    AngularPrototypical,
    Comparisons,
    EmbeddingLoss,
    LossSum,
    PairLogistic,
)
from svfair.reweighting import (
    Focal,
    GroupDro,
    InverseGroupFrequency,
    PlainTraining,
    Regions,
    VarianceOfRisks,
)
from svfair.reweighting.controls.group_controls import GroupLosses

LABELS = torch.arange(4).repeat_interleave(2)
GROUPS = torch.tensor([0, 0, 0, 0, 2, 2, 2, 2])  # of three groups, one is not in the batch
COUNTS = torch.tensor([6, 1, 2])


def batch(seed: int = 0) -> Tensor:
    return torch.randn(8, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def losses() -> list[EmbeddingLoss]:
    torch.manual_seed(0)
    return [
        PairLogistic().double(),
        AngularPrototypical().double(),
        LossSum([AngularPrototypical(), AamSoftmax(6, 4)], [1.0, 0.5]).double(),
    ]


def naive_part_losses(
    loss: EmbeddingLoss, embeddings: Tensor, groups: Tensor = GROUPS
) -> list[tuple[float, dict[int, float]]]:
    """Each part's coefficient, and the mean row loss of the groups that have a row in it."""
    parts = []
    for coefficient, part in loss.parts:
        compared = part.compare(embeddings, LABELS)
        own: dict[int, list[float]] = {}
        for row, i in zip(part.row_losses(compared).tolist(), compared.row_samples.tolist(), strict=True):
            own.setdefault(int(groups[i]), []).append(row)
        parts.append((coefficient, {group: sum(rows) / len(rows) for group, rows in own.items()}))
    return parts


def naive_group_losses(loss: EmbeddingLoss, embeddings: Tensor) -> dict[int, float]:
    parts = naive_part_losses(loss, embeddings)
    return {group: sum(coefficient * found[group] for coefficient, found in parts) for group in (0, 2)}


def test_group_dro_follows_its_equations() -> None:
    for loss in losses():
        dro = GroupDro(loss, 3, step_size=0.7).double()
        weights = [1 / 3, 1 / 3, 1 / 3]
        for seed in range(4):
            found = naive_group_losses(loss, batch(seed))
            expected = (weights[0] * found[0] + weights[2] * found[2]) / (weights[0] + weights[2])
            assert float(dro(batch(seed), LABELS, GROUPS).detach()) == pytest.approx(expected)
            dro.take_turn(batch(seed), LABELS, groups=GROUPS)
            weights = [w * math.exp(0.7 * found.get(g, 0.0)) for g, w in enumerate(weights)]
            weights = [w / sum(weights) for w in weights]
            assert dro.group_weights.tolist() == pytest.approx(weights)


def test_a_group_without_a_query_counts_in_the_other_part_alone() -> None:
    # Group 1 has a second utterance of one speaker and nothing else: a row of the classifier, no query.
    groups = torch.tensor([0, 1, 0, 0, 2, 2, 2, 2])
    loss = losses()[2]
    (first, of_queries), (second, of_samples) = naive_part_losses(loss, batch(), groups)
    assert (set(of_queries), set(of_samples)) == ({0, 2}, {0, 1, 2})

    dro = GroupDro(loss, 3, step_size=0.7).double()
    dro.group_weights.copy_(torch.tensor([0.2, 0.3, 0.5]))
    expected = first * (0.2 * of_queries[0] + 0.5 * of_queries[2]) / 0.7
    expected += second * (0.2 * of_samples[0] + 0.3 * of_samples[1] + 0.5 * of_samples[2])
    assert float(dro(batch(), LABELS, groups).detach()) == pytest.approx(expected)
    dro.take_turn(batch(), LABELS, groups=groups)
    grown = [
        weight * math.exp(0.7 * (first * of_queries[g] + second * of_samples[g]) if g != 1 else 0.0)
        for g, weight in enumerate((0.2, 0.3, 0.5))
    ]
    assert dro.group_weights.tolist() == pytest.approx([w / sum(grown) for w in grown])

    expected = 0.0
    for coefficient, found in ((first, of_queries), (second, of_samples)):
        mean = sum(found.values()) / len(found)
        variance = sum((value - mean) ** 2 for value in found.values()) / len(found)
        expected += coefficient * (mean + 5 * variance)
    value = VarianceOfRisks(loss, 3, penalty=5.0).double()(batch(), LABELS, groups)
    assert float(value.detach()) == pytest.approx(expected)


def test_smoothed_group_dro_follows_its_equations() -> None:
    loss = losses()[0]
    dro = GroupDro(loss, 3, step_size=0.1, smoothing=0.2).double()
    weights = [1 / 3, 1 / 3, 1 / 3]
    for seed in range(4):
        found = naive_group_losses(loss, batch(seed))
        dro.take_turn(batch(seed), LABELS, groups=GROUPS)
        weights = [w * math.exp(0.1 * found.get(g, 0.0) / (w + 0.2)) for g, w in enumerate(weights)]
        weights = [w / sum(weights) for w in weights]
        assert dro.group_weights.tolist() == pytest.approx(weights)


def test_smoothing_keeps_one_hopeless_group_from_taking_all_the_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Losses that nothing can lower. Group DRO puts all its weight on the largest; with smoothing the weights
    # settle where loss / (weight + smoothing) is the same for all.
    hopeless = torch.tensor([1.0, 1.2, 1.8], dtype=torch.float64)
    present = torch.ones(3, dtype=torch.bool)
    monkeypatch.setattr(GroupDro, "group_losses", lambda *_: [GroupLosses(1.0, hopeless, present)])
    plain = GroupDro(losses()[0], 3, step_size=0.1).double()
    smoothed = GroupDro(losses()[0], 3, step_size=0.1, smoothing=0.5).double()
    for _ in range(300):
        for dro in (plain, smoothed):
            dro.take_turn(batch(), LABELS, groups=GROUPS)
    assert float(plain.group_weights[2]) > 0.99
    expected = 2.5 * hopeless / hopeless.sum() - 0.5
    assert smoothed.group_weights.tolist() == pytest.approx(expected.tolist(), rel=1e-4)


def test_weights_do_not_overflow() -> None:
    dro = GroupDro(losses()[0], 3, step_size=1e4).double()
    for seed in range(3):
        dro.take_turn(batch(seed), LABELS, groups=GROUPS)
    assert bool(dro.group_weights.isfinite().all())
    assert float(dro.group_weights.sum()) == pytest.approx(1)
    assert bool(dro(batch(), LABELS, torch.ones_like(GROUPS)).isfinite())


def test_a_weight_that_reached_zero_can_come_back() -> None:
    dro = GroupDro(losses()[0], 3, step_size=1e3).double()
    dro.group_weights.copy_(torch.tensor([1.0, 0.0, 0.0]))
    harder = torch.full_like(GROUPS, 2)
    for _ in range(3):
        dro.take_turn(batch(), LABELS, groups=harder)
    assert float(dro.group_weights[2]) > 0.99


def test_losses_of_groups_stay_in_full_precision_under_autocast() -> None:
    class Multiplied(PairLogistic):
        """A loss whose second step has a product of matrices, which autocast would round."""

        def row_losses(self, comparisons: Comparisons, weights: Tensor | None = None) -> Tensor:
            return (comparisons.scores @ torch.linspace(0, 1, comparisons.scores.shape[1])).abs() / 10

    embeddings = batch().float()
    objectives = [GroupDro(Multiplied(), 3), VarianceOfRisks(Multiplied(), 3), Focal(Multiplied())]
    for objective in (*objectives, PlainTraining(Multiplied()), InverseGroupFrequency(Multiplied(), COUNTS)):
        expected = objective(embeddings, LABELS, GROUPS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = objective(embeddings, LABELS, GROUPS)
        assert torch.equal(found, expected), type(objective).__name__


def test_v_rex_is_mean_and_variance_of_the_groups_at_hand() -> None:
    for loss in losses():
        expected = 0.0
        for coefficient, found in naive_part_losses(loss, batch()):
            mean = (found[0] + found[2]) / 2
            variance = ((found[0] - mean) ** 2 + (found[2] - mean) ** 2) / 2
            expected += coefficient * (mean + 5 * variance)
        value = VarianceOfRisks(loss, 3, penalty=5.0).double()(batch(), LABELS, GROUPS)
        assert float(value.detach()) == pytest.approx(expected)
    alone = VarianceOfRisks(losses()[0], 3)(batch(), LABELS, torch.zeros_like(GROUPS))
    torch.testing.assert_close(alone, losses()[0](batch(), LABELS))


def test_inverse_frequency_weighs_groups_alike_over_the_training_set() -> None:
    counts = COUNTS
    for loss in losses():
        objective = InverseGroupFrequency(loss, counts).double()
        expected = 0.0
        for coefficient, part in loss.parts:
            compared = part.compare(batch(), LABELS)
            weights = 9 / (3 * counts[GROUPS[compared.row_samples]].double())
            batch_mean = (9 / (3 * counts[GROUPS].double())).mean()
            weights = weights * batch_mean / weights.mean()
            expected += coefficient * float((weights * part.row_losses(compared)).mean().detach())
        assert float(objective(batch(), LABELS, GROUPS).detach()) == pytest.approx(expected)
    assert float((9 / (3 * counts.double()) * counts / 9).sum()) == pytest.approx(1)


@pytest.mark.parametrize("control", [GroupDro, VarianceOfRisks])
def test_regions_can_stand_in_for_groups(control: type[GroupDro]) -> None:
    regions = Regions(3, 6)
    objective = control(losses()[0], regions, warm_up_steps=1, refit_every=2).double()
    plain = objective(batch(), LABELS)
    torch.testing.assert_close(plain, losses()[0](batch(), LABELS))
    objective.take_turn(batch(), LABELS)
    assert regions.is_fitted
    found = objective(batch(), LABELS)
    objective.regions = None
    torch.testing.assert_close(found, objective(batch(), LABELS, regions(batch())))


def test_missing_or_unknown_groups_are_refused() -> None:
    objective = GroupDro(losses()[0], 2)
    with pytest.raises(ValueError, match="GroupDro over true groups needs them"):
        objective(batch(), LABELS)
    with pytest.raises(ValueError, match="groups run from 0 to 2, not 0 to 1"):
        objective(batch(), LABELS, GROUPS)
    with pytest.raises(ValueError, match="smoothing must be positive"):
        GroupDro(losses()[0], 2, smoothing=0.0)
    with pytest.raises(ValueError, match="step_size must be positive, not 0"):
        GroupDro(losses()[0], 2, step_size=0.0)
    with pytest.raises(ValueError, match="penalty must be at least 0"):
        VarianceOfRisks(losses()[0], 2, penalty=-1.0)
    with pytest.raises(ValueError, match="at least one group"):
        GroupDro(losses()[0], 0)
    with pytest.raises(ValueError, match="every group needs a positive count"):
        InverseGroupFrequency(losses()[0], torch.tensor([3, 0]))
