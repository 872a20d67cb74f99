import re
from dataclasses import replace

import numpy as np
import pytest

from svfair.metrics.results import DetectionBand, Group, Interval, ScoreHistogram
from svfair.reports.figures.det import det_plot, drawable
from svfair.reports.figures.rates import AT_POOLED, EER, axis_top, rate_plot
from svfair.reports.figures.scores import quantiles, score_plot
from svfair.reports.figures.svg import COLOURS, DASHES, round_ticks

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def group(make_evaluation) -> Group:  # type: ignore[no-untyped-def]
    found: Group = make_evaluation().overall
    return found


def bar(group: Group, interval: Interval | None, eer: float = 0.1, top: float = 0.2) -> str:
    given = {} if interval is None else {"eer": interval}
    drawn = replace(group, errors=replace(group.errors, eer=eer), intervals=given)
    return rate_plot([drawn], EER, top, "title", "id")


def test_bar_and_whisker_are_where_rate_and_interval_are(group: Group) -> None:
    plot = bar(group, Interval(0.05, 0.15))
    x, width = map(float, re.search(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', plot).groups())  # type: ignore[union-attr]
    whole = 2 * width  # 0.1 of an axis that ends at 0.2
    low, high = map(float, re.search(r'"M([\d.]+),[\d.]+H([\d.]+)M.*class="whisker"', plot).groups())  # type: ignore[union-attr]
    assert low == pytest.approx(x + whole / 4, abs=0.1)
    assert high == pytest.approx(x + whole * 3 / 4, abs=0.1)
    assert "10.00 (5.00 to 15.00)" in plot


def test_no_whisker_without_an_interval(group: Group) -> None:
    for none in (None, Interval(NAN, NAN)):
        plot = bar(group, none)
        assert "whisker" not in plot
        assert ">10.00</text>" in plot


def test_whisker_beyond_the_axis_ends_in_an_arrow(group: Group) -> None:
    assert "l5,4l-5,4" in bar(group, Interval(0.05, 0.9))
    assert "l5,4l-5,4" not in bar(group, Interval(0.05, 0.2))


def test_rates_that_are_not_there_are_a_dash(group: Group) -> None:
    plot = bar(group, None, eer=NAN)
    assert "<rect" not in plot
    assert ">-</text>" in plot
    assert "nan" not in plot


def test_groups_that_do_not_count_are_starred_and_drawn_hollow(group: Group) -> None:
    flagged = replace(group, name="x", counted=False, note="few")
    plot = rate_plot([group, flagged], AT_POOLED, 0.2, "title", "id")
    assert ">x *</text>" in plot
    assert plot.count('fill="#ffffff"') == 2


def test_axis_shows_every_rate_but_only_intervals_that_count(group: Group) -> None:
    wide = {"eer": Interval(0.0, 0.8)}
    counted = replace(group, errors=replace(group.errors, eer=0.1), intervals=wide)
    assert axis_top([counted], EER) > 0.8
    assert axis_top([replace(counted, counted=False)], EER) == pytest.approx(0.102)
    assert axis_top([replace(counted, errors=replace(group.errors, eer=NAN), intervals={})], EER) == 0.01


def test_names_are_escaped_and_cut_to_the_width(group: Group) -> None:
    plot = rate_plot([replace(group, name="<b>&" + "x" * 200)], EER, 0.2, "t<", "id", with_counts=True)
    assert "&lt;b&gt;&amp;" in plot
    assert "\u2026</text>" in plot
    assert '<title id="id-t">t&lt;</title>' in plot


def test_det_plot_marks_the_eer_where_the_axes_meet(group: Group) -> None:
    plot = det_plot([group], "t<", "id")
    x, y = map(float, re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)"', plot).groups())  # type: ignore[union-attr]
    left, top, size = map(
        float,
        re.search(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="\3" class="frame"', plot).groups(),  # type: ignore[union-attr]
    )
    # Both rates are the same there, and the plot is square: the mark lies on the rising diagonal.
    assert x - left == pytest.approx(size - (y - top), abs=0.2)
    assert '<title id="id-t">t&lt;</title>' in plot
    assert "nan" not in plot


def test_band_lies_around_its_curve(group: Group) -> None:
    assert "polygon" not in det_plot([group], "t", "id")
    fmr = np.array([0.01, 0.1, 0.4])
    fnmr = np.interp(fmr, group.curve.fmr[::-1], group.curve.fnmr[::-1])
    # A band that is not known everywhere is drawn where it is.
    band = DetectionBand(np.r_[fmr, 0.45], np.r_[fnmr * 0.8, NAN], np.r_[fnmr * 1.2, NAN])
    plot = det_plot([replace(group, band=band)], "t", "id")
    points = re.search(r'<polygon points="([^"]+)"', plot).group(1).split()  # type: ignore[union-attr]
    assert len(points) == 6
    ys = [float(point.split(",")[1]) for point in points]
    assert all(low > high for low, high in zip(ys[:3], ys[:2:-1], strict=True))


def test_at_most_seven_curves_that_differ_in_colour_and_dashes(group: Group) -> None:
    assert len(set(COLOURS)) == len(COLOURS) == len(set(DASHES)) == 7
    assert len(drawable([group] * 9)) == 7
    assert drawable([replace(group, errors=replace(group.errors, eer=NAN))]) == []


def test_densities_have_the_same_area_and_the_threshold_its_place(group: Group) -> None:
    edges = np.linspace(0.0, 4.0, 5)
    histogram = ScoreHistogram(edges, np.array([0.0, 0, 30, 30]), np.array([500.0, 500, 0, 0]))
    plot = score_plot([replace(group, histogram=histogram)], 2.0, "t", "id")
    paths = re.findall(r'<path d="M([\d.]+),([\d.]+)V([\d.]+)H', plot)
    # Non-targets, then targets: as high, though there are many more of the first.
    (start, base, top), (other_start, other_base, other_top) = [tuple(map(float, path)) for path in paths]
    assert base - top == other_base - other_top > 0
    x = float(re.search(r'<line x1="([\d.]+)"[^>]*class="threshold"', plot).group(1))  # type: ignore[union-attr]
    assert start < x == pytest.approx(other_start, abs=0.1)
    for outside in (9.0, NAN, INF):
        assert "threshold" not in score_plot([replace(group, histogram=histogram)], outside, "t", "id")


def test_quantiles_of_a_histogram() -> None:
    edges = np.linspace(0.0, 100.0, 11)
    even, none = np.ones(10), np.zeros(10)
    targets, non_targets = quantiles(ScoreHistogram(edges, even, none))
    assert targets == pytest.approx([5.0, 50.0, 95.0])
    assert all(np.isnan(non_targets))
    lonely = np.zeros(10)
    lonely[4] = 7
    assert quantiles(ScoreHistogram(edges, lonely, even))[0] == pytest.approx([40.5, 45.0, 49.5])


def test_empty_side_has_no_density(group: Group) -> None:
    edges = np.linspace(0.0, 4.0, 5)
    one_sided = ScoreHistogram(edges, np.zeros(4), np.array([0.0, 3, 2, 0]))
    plot = score_plot([replace(group, histogram=one_sided)], 2.0, "t", "id")
    assert plot.count("<path") == 1
    assert "nan" not in plot


@pytest.mark.parametrize(("low", "high"), [(0.0, 3.7), (-1.5, -0.2), (0.0, 1e-6), (-3e5, 9e5)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert low - 1e-9 * abs(high) <= ticks[0]
    assert ticks[-1] <= high * (1 + 1e-9) + 1e-12
