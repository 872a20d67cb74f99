import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from svfair.errors import InputError
from svfair.metrics import OperatingPoint, cllr, equal_error_rate, measures, min_cllr, min_dcf

trials = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(target for _, target in rows) < len(rows)
)
FIGURES: tuple[Any, ...] = (equal_error_rate, min_dcf, cllr, min_cllr)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_example_of_the_documentation_holds(figure: Any) -> None:
    (example,) = doctest.DocTestFinder(recurse=False).find(figure, globs=vars(measures))
    found = doctest.DocTestRunner().run(example)
    assert (found.failed, found.attempted) == (0, 1)


@settings(max_examples=100, deadline=None)
@given(trials)
def test_figures_are_those_of_a_search_over_thresholds(rows: list[tuple[int, bool]]) -> None:
    scores, labels = (list(side) for side in zip(*rows, strict=True))
    targets = [score for score, target in rows if target]
    others = [score for score, target in rows if not target]
    points = [
        (sum(s < t for s in targets) / len(targets), sum(s >= t for s in others) / len(others))
        for t in [*sorted(set(scores)), math.inf]
    ]
    after = next(number for number, (fnmr, fmr) in enumerate(points) if fnmr >= fmr)
    (a, b), (c, d) = points[after - 1], points[after]
    eer = a + (c - a) * (b - a) / ((b - a) + (c - d))
    assert equal_error_rate(scores, labels) == pytest.approx(eer)
    assert equal_error_rate(scores, labels, on_hull=True) <= eer + 1e-12
    point = OperatingPoint(0.2, 3.0, 2.0)
    cost = min(0.6 * fnmr + 1.6 * fmr for fnmr, fmr in points) / 0.6
    assert min_dcf(scores, labels, point) == pytest.approx(cost)
    bits = [
        np.mean([math.log2(1 + math.exp(sign * s)) for s in side])
        for side, sign in ((targets, -1), (others, 1))
    ]
    assert cllr(scores, labels) == pytest.approx(np.mean(bits))
    assert min_cllr(scores, labels) <= min(1, cllr(scores, labels)) + 1e-9


def test_two_normals_have_the_eer_of_their_distance() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(100_000) % 2
    scores = random.normal(size=100_000) + 3 * labels
    assert equal_error_rate(scores, labels) == pytest.approx(norm.cdf(-1.5), abs=0.002)


@pytest.mark.parametrize("figure", FIGURES)
def test_an_empty_side_has_no_figure(figure: Any) -> None:
    for labels in ([1, 1], [0, 0]):
        assert math.isnan(figure([0.1, 0.2], labels))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.1, 0.2], [1], "one number a trial"),
        ([[0.1], [0.2]], [[1], [0]], "one number a trial"),
        ([0.1, 0.2], [[1], [0]], "one number a trial"),
        ([0.1, math.nan], [1, 0], "scores: must be finite"),
        ([0.1, math.inf], [1, 0], "scores: must be finite"),
        ([0.1, 0.2], [1, -1], "labels: must be true or false, or 1 or 0"),
        ([0.1, 0.2], ["target", "nontarget"], "labels: must be true or false"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(figure: Any, scores: Any, labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        figure(scores, labels)
