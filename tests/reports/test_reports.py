import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from svfair.metrics.evaluation import evaluate
from svfair.metrics.results import Evaluation
from svfair.reports.det_plot import COLOURS, DASHES, det_plot
from svfair.reports.field_table import field_table, mismatches
from svfair.reports.html import comparisons, headlines, write_report
from svfair.reports.json_report import to_json
from svfair.reports.tables import footnotes, print_evaluations, to_markdown


def make(system: str = "plain", ease: float = 2.0, seed: int = 0) -> Evaluation:
    random = np.random.default_rng(seed)
    speakers = [f"s{i}" for i in range(24)]
    gender = {s: ("male", "female")[i % 2] for i, s in enumerate(speakers)}
    region = {s: ("US", "UK", "other")[i % 3] for i, s in enumerate(speakers[:-1])}
    enrol = random.choice(speakers, 6000)
    test = np.where(random.random(6000) < 0.5, enrol, random.choice(speakers, 6000))
    target = enrol == test
    women = np.array([gender[s] == "female" for s in enrol])
    scores = random.normal(size=6000) + np.where(women, ease, 3.0) * target
    return evaluate(
        scores,
        target,
        enrol.tolist(),
        test.tolist(),
        {"gender": gender, "country_region": region},
        system=system,
        minimum_speakers=2,
    )


def test_table_has_the_columns_of_the_field() -> None:
    evaluations = [make("plain"), make("other", ease=2.5)]
    table = field_table(evaluations)
    assert table.columns == (
        *("overall", "male", "female", "gender gap"),
        *("US", "UK", "other", "unknown *", "std over country regions"),
    )
    (name, first), (_, second) = table.rows
    assert name == "plain"
    assert all(cell.change is None for cell in first)
    gender = [evaluation.attribute("gender") for evaluation in evaluations]
    eers = [[a.group("male").errors.eer, a.group("female").errors.eer] for a in gender]
    assert [cell.value for cell in first[1:3]] == pytest.approx([100 * e for e in eers[0]])
    assert first[3].value == pytest.approx(100 * abs(eers[0][1] - eers[0][0]))
    assert second[2].change == pytest.approx(100 * (eers[1][1] / eers[0][1] - 1))
    regions = [evaluations[0].attribute("country_region").group(n).errors.eer for n in ("US", "UK", "other")]
    assert first[-1].value == pytest.approx(100 * np.std(regions))


def test_terminal_shows_every_figure_in_80_columns() -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    evaluation = make("a system with a [long] name")
    print_evaluations(console, [evaluation, make("other", ease=2.5)])
    console.file.close()
    text = console.export_text()
    assert "…" not in text
    assert f"{100 * evaluation.overall.errors.eer:.2f}" in text
    assert "* country_region unknown: attribute not known; 1 speaker, fewer than 2" in text
    assert "trials cross groups" in text
    assert "no intervals" in text
    assert max(len(line) for line in text.splitlines() if "──" in line) <= 80


def test_markdown_is_a_table() -> None:
    lines = to_markdown([make("a|b"), make("other", ease=2.5)]).splitlines()
    assert len(lines) == 4
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
    assert lines[2].startswith(r"| a\|b | ")
    assert re.search(r"\| other \| \d+\.\d\d \([+-]\d+\.\d\) \|", lines[3])


def of_countries(system: str, countries: tuple[str, ...], trials: int = 3000) -> Evaluation:
    random = np.random.default_rng(1)
    speakers = [f"s{i}" for i in range(12)]
    enrol = random.choice(speakers, trials)
    test = np.where(random.random(trials) < 0.5, enrol, random.choice(speakers, trials))
    return evaluate(
        random.normal(size=trials) + 2 * (enrol == test),
        enrol == test,
        enrol.tolist(),
        test.tolist(),
        {"country": {s: countries[i % len(countries)] for i, s in enumerate(speakers)}},
        system=system,
        minimum_speakers=2,
        minimum_targets=10,
    )


def test_gaps_over_other_groups_are_shown_and_not_compared(tmp_path: Path) -> None:
    evaluations = [of_countries("A", ("x", "y")), of_countries("B", ("x", "z"), trials=2000)]
    table = field_table(evaluations)
    assert table.columns == ("overall", "x", "y *", "z *", "country gap")
    (_, first), (_, second) = table.rows
    assert math.isnan(first[3].value)
    assert math.isnan(second[2].value)
    assert second[3].value == 100 * evaluations[1].attribute("country").group("z").errors.eer
    assert second[4].value == 100 * evaluations[1].attribute("country").spreads["eer"].gap
    changes = [cell.change is not None and not math.isnan(cell.change) for cell in second]
    assert changes == [True, True, False, False, False]
    (sentence,) = comparisons(evaluations)
    assert "overall" in sentence
    assert "gap" not in sentence
    trials, groups = mismatches(evaluations)
    assert trials.startswith("B was scored on other trials than A")
    assert "x, y for A, but x, z for B" in groups
    write_report(tmp_path / "r.html", evaluations, title="two")
    assert groups in (tmp_path / "r.html").read_text()
    assert mismatches([evaluations[0], of_countries("C", ("x", "y"))]) == []


def test_systems_have_their_own_footnotes() -> None:
    evaluations = [make(), make("other", ease=2.5)]
    line = footnotes(evaluations)[0]
    for evaluation in evaluations:
        assert f"{evaluation.pooled_threshold:.4f} for {evaluation.system}" in line
    assert footnotes(evaluations)[1:] == footnotes(evaluations[:1])[1:]
    assert "A, country: " in "".join(
        footnotes([of_countries("A", ("x", "y")), of_countries("B", ("x", "y"), trials=2000)])
    )


def test_table_refuses_what_has_no_table() -> None:
    with pytest.raises(ValueError, match="no evaluation"):
        field_table([])
    with pytest.raises(ValueError, match="not of the same attributes"):
        field_table([make(), of_countries("A", ("x", "y"))])


def test_page_has_a_column_of_notes_where_there_are_notes(tmp_path: Path) -> None:
    for evaluation, noted in ((make(), True), (of_countries("A", ("x", "y")), False)):
        write_report(tmp_path / "r.html", [evaluation], title="notes")
        page = (tmp_path / "r.html").read_text()
        assert ("note</th>" in page) == noted
        assert ("1 speaker, fewer than 2" in page) == noted


def test_report_of_systems_without_errors_or_without_an_eer(tmp_path: Path) -> None:
    scores = np.repeat([0.0, 1.0], 50)
    sides = ["a", "b"] * 50
    for kept in (slice(None), slice(50)):
        given = scores[kept], scores[kept] > 0, sides[kept], sides[kept]
        one = evaluate(*given, {"gender": {"a": "m", "b": "f"}}, minimum_speakers=1, minimum_targets=1)
        write_report(tmp_path / "r.html", [one, one], title="edge")
        assert not re.search(r"\bnan\b", (tmp_path / "r.html").read_text(), re.IGNORECASE)


def test_json_has_everything_and_no_nan() -> None:
    evaluation = make()
    content = json.loads(json.dumps(to_json([evaluation]), allow_nan=False))
    assert content["schema"] == 1
    system = content["systems"][0]
    female = next(g for g in system["attributes"]["gender"]["groups"] if g["name"] == "female")
    assert female["errors"]["eer"] == evaluation.attribute("gender").group("female").errors.eer
    assert system["attributes"]["gender"]["spreads"]["eer"]["worst_group"] == "female"
    unknown = next(g for g in system["attributes"]["country_region"]["groups"] if g["name"] == "unknown")
    assert not unknown["counted"]
    assert math.isnan(evaluation.attribute("country_region").group("unknown").errors.eer) == (
        unknown["errors"]["eer"] is None
    )
    assert len(female["curve"]["fmr"]) == len(female["curve"]["fnmr"]) <= 300


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.labels = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        given = dict(attrs)
        self.links += [value for name in ("src", "href") if (value := given.get(name))]
        self.labels += given.get("role") == "img" and "aria-labelledby" in given

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_self_contained_and_escaped(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    evil = make("<script>alert(1)</script>")
    write_report(path, [evil, make("other", 2.5)], title="A & B", notes=["x < y"], facts={"seed": "3"})
    page = path.read_text()
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.links == ["data:,"]
    assert tags.labels == 4
    assert "<script" not in page
    assert "A &amp; B" in page
    assert "x &lt; y" in page
    assert "http" not in page
    assert "@import" not in page
    for sentence in headlines(make("other", 2.5)):
        assert sentence in page
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_comparison_tells_the_changes_of_the_table() -> None:
    evaluations = [make(), make("other", ease=2.5)]
    (sentence,) = comparisons(evaluations)
    (_, base), (_, cells) = field_table(evaluations).rows
    for index, words in ((0, "EER overall"), (3, "gender gap"), (-1, "std over country regions")):
        assert (
            f"{words} {base[index].value:.2f} to {cells[index].value:.2f} ({cells[index].change:+.1f} %)"
            in sentence
        )
    assert comparisons(evaluations[:1]) == []


def test_headlines_name_the_worst_group() -> None:
    sentences = headlines(make())
    assert "by gender" in sentences[0]
    assert re.search(r"for male and .* % for female, \d+\.\d\d times as high", sentences[0])
    assert re.search(r"target trials are falsely rejected for female \(lowest: male,", sentences[1])


def test_det_plot_marks_the_eer_where_the_axes_meet() -> None:
    evaluation = make()
    plot = det_plot([evaluation.overall], "t<", "id")
    x, y = map(float, re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)"', plot).groups())  # type: ignore[union-attr]
    # Both rates are the same there, and the plot is square: the mark lies on the rising diagonal.
    assert x - 52 == pytest.approx(400 - (y - 8), abs=0.2)
    assert '<title id="id-t">t&lt;</title>' in plot
    assert "nan" not in plot
    assert len(set(COLOURS)) == len(COLOURS) == len(set(DASHES))


@pytest.mark.slow
def test_chromium_shows_it_without_network_or_errors(tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("needs Debian's package chromium")
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    write_report(page, [make(), make("other", 2.5)], title="Report")
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    )
    flags += "--disable-component-update --disable-sync --enable-logging=stderr --window-size=390,3000"
    command = [browser, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}"]
    done: Any = subprocess.run(
        [*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert "CONSOLE" not in done.stderr
    assert picture.stat().st_size > 20_000
