import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from svfair.audit import Audit, Note, Source
from svfair.metrics import Evaluation, Interval, Settings, evaluate, make_trial_set, pool_seeds
from svfair.reports import write_page
from svfair.reports.field_table import mismatches, paired
from svfair.reports.page.changes import changes_in_words
from svfair.reports.page.headlines import headlines

EVIL = "<script>alert(1)</script>\"'&</title></svg>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.identifiers: list[str] = []
        self.headings: list[int] = []
        self.figures = self.labelled = self.tables = self.captions = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        given = dict(attrs)
        self.links += [value for name in ("src", "href") if (value := given.get(name))]
        if identifier := given.get("id"):
            self.identifiers.append(identifier)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "th":
            assert given.get("scope") in ("col", "row")
        self.figures += tag == "figure"
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.labelled += given.get("role") == "img" and "aria-labelledby" in given
        if (labels := given.get("aria-labelledby")) is not None:
            self.words += labels.split()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def written(path: Path, *evaluations: Evaluation, **given: object) -> tuple[str, _Tags]:
    audits = [Audit(evaluation) for evaluation in evaluations]
    write_page(path / "report.html", audits, **{"title": "title"} | given)  # type: ignore[arg-type]
    page = (path / "report.html").read_text()
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert len(set(tags.identifiers)) == len(tags.identifiers)
    assert set(tags.words) <= set(tags.identifiers)
    assert {link[1:] for link in tags.links if link != "data:,"} <= set(tags.identifiers)
    assert tags.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(tags.headings, tags.headings[1:], strict=False))
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"\b([nN]a[nN]|[iI]nf|None)\b", text)
    return page, tags


def test_page_is_whole_self_contained_and_readable_by_machines(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    base, other = make_evaluation(replicates=40), make_evaluation("other", ease=2.5, replicates=40)
    page, tags = written(tmp_path, base, other, notes=["x < y"], facts={"seed": "3"})
    assert all(link == "data:," or link.startswith("#") for link in tags.links)
    assert tags.figures == tags.labelled == 2 * 2 * 4
    # The field's table is named by its region; every other has a caption.
    assert tags.tables == tags.captions + 1 == 1 + 2 * (2 * 4 + 1)
    for forbidden in ("<script", "http:", "https:", "@import", "url(http"):
        assert forbidden not in page
    assert "default-src 'none'" in page
    assert '<html lang="en">' in page
    assert "x &lt; y" in page
    assert "<dt>seed</dt><dd>3</dd>" in page
    assert "replicates 40; " in page
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_evil_names_are_escaped_everywhere(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    sides = [f"s{i}" for i in range(8)] * 50
    others = sides[::-1]
    same = random.random(400) < 0.5
    test = [a if is_same else b for a, b, is_same in zip(sides, others, same, strict=True)]
    evil = evaluate(
        make_trial_set(random.normal(size=400) + 2 * same, same, sides, test),
        {EVIL: {f"s{i}": f"{EVIL}{i % 2}" for i in range(7)}},
        Settings(rule="enrol", minimum_speakers=2, minimum_targets=10),
        system=EVIL,
    )
    given = {"title": EVIL, "notes": [EVIL], "facts": {EVIL: EVIL}}
    page, tags = written(tmp_path, evil, replace(evil, system=f"{EVIL}2"), **given)
    assert "<script" not in page
    assert tags.figures == 8
    assert page.count("alert(1)") == page.count("&lt;script&gt;alert(1)&lt;/script&gt;")


def test_sentences_stand_on_the_page(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    base, other = make_evaluation(replicates=40), make_evaluation("other", ease=2.9, replicates=40)
    page, _ = written(tmp_path, base, other)
    told = [*changes_in_words(base, other, paired(base, other))]
    told += [one for e in (base, other) for attribute in e.attributes for one in headlines(e, attribute)]
    assert len(told) == 7 + 2 * 2 * 3
    assert {one.is_clear for one in told} == {True, False}
    for one in told:
        assert one.text.replace(" %", "\u00a0%") in page
    # One more of each tag explains it.
    assert page.count('"tag sure"') == 1 + sum(one.is_clear is True for one in told)
    assert page.count('"tag unsure"') == 1 + sum(one.is_clear is False for one in told)


def test_clear_changes_are_marked_by_more_than_colour(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    base, other = make_evaluation(replicates=100), make_evaluation("other", ease=3.0, replicates=100)
    page, _ = written(tmp_path, base, other)
    field = page[page.index('<table class="field"') : page.index("</table>")]
    assert '<span aria-hidden="true">▼ </span><span class="hidden">clear change </span>\u2212' in field
    assert 0 < field.count("▼") + field.count("▲") == field.count("clear change") < 9
    alone, _ = written(tmp_path, base)
    assert "clear change" not in alone


def test_whiskers_and_bands_where_something_was_resampled(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    page, _ = written(tmp_path, make_evaluation(replicates=40))
    # Overall, male, female; overall, three regions and unknown without a rate, each as EER, FNMR and FMR.
    assert page.count('class="whisker"') == 3 * (3 + 4)
    assert page.count('class="band"') == 3 + 4
    assert "Nothing was resampled" not in page
    assert "times for its speakers a and b" in page
    assert "by chance" in page


def test_page_without_intervals_says_so(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    page, tags = written(tmp_path, make_evaluation(), make_evaluation("other"))
    assert "Nothing was resampled" in page
    assert 'class="whisker"' not in page
    assert 'class="band"' not in page
    assert "<small>" not in page[: page.index("</table>")]
    assert " interval" not in page[: page.index("Method and definitions</h2>")].replace("no intervals", "")
    assert 'class="tag' not in page
    assert "m_a" not in page
    assert tags.figures == 16


def test_systems_on_other_trials_or_groups_are_told_above_the_figures(  # type: ignore[no-untyped-def]
    tmp_path: Path, make_evaluation
) -> None:
    base, other = make_evaluation(replicates=20), make_evaluation("other", regions=("US", "UK"))
    page, _ = written(tmp_path, base, other)
    (note,) = mismatches([base, other])
    assert f'<p class="note">{note}</p>' in page
    assert "country region gap" not in page[: page.index("</table>")]


def test_groups_that_are_left_out_have_their_reason(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    page, _ = written(tmp_path, make_evaluation())
    assert "* unknown: attribute not known; 1 speaker, fewer than 2" in page
    assert ">unknown *</text>" in page
    assert "trials cross groups and are in none of them" in page
    assert page.count(">note</th>") == 1
    assert "1 speaker, " in page


def test_pooled_seeds_have_bands_and_maybe_no_histogram(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    pooled = pool_seeds([make_evaluation(seed=seed, replicates=40) for seed in range(3)], "pooled")
    assert pooled.overall.histogram is None
    page, tags = written(tmp_path, pooled)
    assert tags.figures == 2 * 3
    assert 'class="band"' in page
    assert "Distribution of scores" not in page
    assert "also cover how seeds vary" in page


def test_infinite_ratios_and_bounds(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluation = make_evaluation(replicates=40)
    gender = evaluation.attributes[0]
    endless = replace(
        gender.spreads["eer"], ratio=float("inf"), intervals={"ratio": Interval(1.2, float("inf"))}
    )
    changed = replace(gender, spreads={**gender.spreads, "eer": endless})
    page, _ = written(tmp_path, replace(evaluation, attributes=(changed,)))
    assert "\u221e<small>1.20 or more</small>" in page


def test_report_of_systems_without_errors_or_without_an_eer(tmp_path: Path) -> None:
    scores = np.repeat([0.0, 1.0], 50)
    sides = ["a", "b"] * 50
    for kept in (slice(None), slice(50)):
        trials = make_trial_set(scores[kept], scores[kept] > 0, sides[kept], sides[kept])
        settings = Settings(minimum_speakers=1, minimum_targets=1)
        one = evaluate(trials, {"gender": {"a": "m", "b": "f"}}, settings)
        written(tmp_path, one, one)


def test_many_groups_are_drawn_in_parts_and_listed_in_print(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    speakers = [f"s{i}" for i in range(80)]
    enrol = random.choice(speakers, 8000)
    test = np.where(random.random(8000) < 0.5, enrol, random.choice(speakers, 8000))
    country = {speaker: f"country {i % 20}" for i, speaker in enumerate(speakers)}
    scores = random.normal(size=8000) + 2 * (enrol == test)
    trials = make_trial_set(scores, enrol == test, enrol.tolist(), test.tolist())
    settings = Settings(minimum_speakers=2, minimum_targets=20)
    evaluation = evaluate(trials, {"country": country}, settings)
    page, tags = written(tmp_path, evaluation)
    assert tags.figures == 4
    assert tags.labelled == 6
    assert "Drawn: 6 of 20 groups" in page
    assert len(re.findall(r'class="band"|<polyline', page)) == 7
    assert "columns: 3" in page


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_level_of_intervals_is_told(tmp_path: Path, make_evaluation, level: float) -> None:  # type: ignore[no-untyped-def]
    evaluation = make_evaluation(replicates=40)
    resampling = replace(evaluation.settings.resampling, level=level)
    told = replace(evaluation, settings=replace(evaluation.settings, resampling=resampling))
    page, _ = written(tmp_path, told)
    assert f"{100 * level:.0f} % intervals" in page
    assert f"p is above {1 - level:.2g}" in page


def test_a_page_of_a_resampled_system_beside_one_that_is_not(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    page, _ = written(tmp_path, make_evaluation(), make_evaluation("other", replicates=20))
    assert "Ends are quantiles of the replicates (percentile)" in page


def test_what_was_read_and_noted_stands_on_the_page(tmp_path: Path, make_evaluation) -> None:  # type: ignore[no-untyped-def]
    source = Source("scores.csv", 6000, "a" * 64, "b" * 64)
    audit = Audit(make_evaluation(), (source,), (Note("speakers_unknown", 3, 24),))
    write_page(tmp_path / "r.html", [audit], title="t")
    page = (tmp_path / "r.html").read_text()
    assert f"scores.csv, 6,000 trials, SHA-256 {'a' * 64}" in page
    assert f"SHA-256 {'b' * 64}" in page
    assert "plain: 3 of 24 speakers have no metadata; their trials count under unknown." in page
