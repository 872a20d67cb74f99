"""Batches of another shape, type or device: refused with one line by every loss."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.losses import (
    INSERTIONS,
    AamSoftmax,
    AngularPrototypical,
    CosineScore,
    EmbeddingLoss,
    GeneralizedEndToEnd,
    LossSum,
    PairLogistic,
    SingleLoss,
)
from svfair.losses.checks import check_batch

LABELS = "labels of another shape or type"
EMBEDDINGS = "embeddings of another shape or type"

BUILDERS: dict[str, Callable[[], EmbeddingLoss]] = {
    "pair_logistic": PairLogistic,
    "angular_prototypical": AngularPrototypical,
    "generalized_end_to_end": GeneralizedEndToEnd,
    "aam_softmax": lambda: AamSoftmax(5, 4),
    "sum": lambda: LossSum([AngularPrototypical(), AamSoftmax(5, 4)]),
}
every = pytest.mark.parametrize("name", sorted(BUILDERS))

E = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
L = torch.arange(4).repeat_interleave(2)


def refused(name: str, embeddings: Any, labels: Any) -> str:
    """Return the one line with which a loss, and its `compare`, refuse a batch."""
    loss = BUILDERS[name]()
    with pytest.raises(InputError) as error:
        loss(embeddings, labels)
    for _, part in loss.parts:
        with pytest.raises(InputError) as of_part:
            part.compare(embeddings, labels)
        assert str(of_part.value) == str(error.value)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


@pytest.mark.fault(LABELS)
@every
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (L[:, None], "labels: have shape (8, 1), not (8,), one for each embedding; flatten them"),
        (L[None], "labels: have shape (1, 8), not (8,), one for each embedding; flatten them"),
        (L[:, None] == L, "labels: have shape (8, 8), not (8,), one for each embedding"),
        (L[:7], "labels: have shape (7,), not (8,), one for each embedding"),
        (L[0], "labels: have shape (), not (8,), one for each embedding"),
        (L.float(), "labels: are torch.float32, not whole numbers; give them as int64"),
        (L > 0, "labels: are torch.bool, not whole numbers; give them as int64"),
        (L.tolist(), "labels: must be a tensor, not list"),
        (L.to("meta"), "labels: are on meta, but the embeddings on cpu; move them"),
    ],
)
def test_labels_are_one_whole_number_for_each_embedding(name: str, labels: Any, message: str) -> None:
    assert refused(name, E, labels) == message


@pytest.mark.fault(EMBEDDINGS)
@every
@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (E[0], "embeddings: have shape (5,), not (batch, size)"),
        (E[:, None], "embeddings: have shape (8, 1, 5), not (batch, size)"),
        (E[:0], "embeddings: have shape (0, 5); there is nothing in the batch"),
        (E[:, :0], "embeddings: have shape (8, 0); there is nothing in the batch"),
        (E.long(), "embeddings: are torch.int64, not floats"),
        (E.to(torch.complex64), "embeddings: are torch.complex64, not floats"),
        (E.numpy(), "embeddings: must be a tensor, not ndarray"),
    ],
)
def test_embeddings_are_floats_in_rows(name: str, embeddings: Any, message: str) -> None:
    assert refused(name, embeddings, L) == message


@pytest.mark.fault(EMBEDDINGS)
@pytest.mark.parametrize("name", ["aam_softmax", "sum"])
def test_a_classifier_refuses_embeddings_of_another_size(name: str) -> None:
    with pytest.raises(InputError) as error:
        BUILDERS[name]()(torch.randn(8, 6), L)
    assert str(error.value) == "embeddings: have shape (8, 6), not (batch, 5)"


@pytest.mark.fault("a loss on another device than its batch")
def test_a_classifier_on_another_device_is_told() -> None:
    with pytest.raises(InputError) as error:
        AamSoftmax(5, 4).to("meta")(E, L)
    assert str(error.value) == (
        "embeddings: are on cpu, but what takes them on meta; move it with .to(device)"
    )


@every
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_labels_of_any_whole_type_give_the_same_loss(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    loss = BUILDERS[name]()
    assert torch.equal(loss(E, L.to(dtype)), loss(E, L))


@every
@settings(deadline=None)
@given(seed=st.integers(0, 2**31), speakers=st.integers(1, 4), utterances=st.integers(2, 3))
def test_checks_change_no_value_of_a_valid_batch(
    name: str, seed: int, speakers: int, utterances: int
) -> None:
    torch.manual_seed(0)
    loss = BUILDERS[name]()
    embeddings = torch.randn(speakers * utterances, 5, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(speakers).repeat_interleave(utterances)
    assert check_batch(embeddings, labels) is labels
    bare = sum(
        coefficient * part.row_losses(part._compare(embeddings, labels)).mean()
        for coefficient, part in loss.parts
    )
    assert torch.equal(loss(embeddings, labels), torch.as_tensor(bare))


@pytest.mark.fault("weights of another shape")
@pytest.mark.parametrize("insertion", sorted(INSERTIONS))
@pytest.mark.parametrize("shape", [(8,), (8, 1), (1, 8), (7, 8)])
def test_weights_are_one_for_each_comparison(insertion: str, shape: tuple[int, ...]) -> None:
    loss: SingleLoss = GeneralizedEndToEnd(insertion=insertion)
    with pytest.raises(ValueError, match=r"^weights have shape .*, not \(8, 4\), one for each comparison$"):
        loss.row_losses(loss.compare(E, L), torch.ones(shape))


@pytest.mark.fault("a setting out of range")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0])
def test_settings_of_losses_are_finite_and_positive(value: float) -> None:
    for build in (
        lambda: AamSoftmax(5, 4, scale=value),
        lambda: CosineScore(value),
        lambda: LossSum([PairLogistic()], [value]),
    ):
        with pytest.raises(ValueError, match="positive"):
            build()


@pytest.mark.fault("a setting out of range")
def test_other_settings_of_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="offset must be finite, not nan"):
        CosineScore(offset=float("nan"))
    with pytest.raises(ValueError, match="embedding_size and speakers are at least 1, not 0 and 4"):
        AamSoftmax(0, 4)
    with pytest.raises(ValueError, match=r"such as PairLogistic\(\), not CrossEntropyLoss$"):
        LossSum([torch.nn.CrossEntropyLoss()])  # type: ignore[list-item]


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**31),
    speakers=st.integers(2, 4),
    utterances=st.integers(2, 3),
    dtype=st.sampled_from([torch.int64, torch.int32, torch.uint8]),
)
def test_losses_are_those_of_loops(seed: int, speakers: int, utterances: int, dtype: torch.dtype) -> None:
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(speakers * utterances, 5, generator=random, dtype=torch.float64)
    labels = torch.arange(speakers).repeat_interleave(utterances).to(dtype)
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    sides: dict[bool, list[float]] = {True: [], False: []}
    ge2e = []
    for i, query in enumerate(unit):
        scores = []
        for speaker in range(speakers):
            own = [unit[k] for k in range(len(unit)) if labels[k] == speaker and k != i]
            centroid = torch.stack(own).sum(0)
            scores.append(10 * float(query @ centroid / centroid.norm()) - 5)
        ge2e.append(math.log(sum(math.exp(score - scores[int(labels[i])]) for score in scores)))
        for k, other in enumerate(unit):
            if k != i:
                score = 10 * float(query @ other) - 5
                is_target = bool(labels[i] == labels[k])
                sides[is_target].append(math.log1p(math.exp(-score if is_target else score)))
    pairs = sum(sum(side) / len(side) for side in sides.values()) / 2
    assert float(PairLogistic()(embeddings, labels).detach()) == pytest.approx(pairs, rel=1e-5)
    centroids = sum(ge2e) / len(ge2e)
    assert float(GeneralizedEndToEnd()(embeddings, labels).detach()) == pytest.approx(centroids, rel=1e-5)
