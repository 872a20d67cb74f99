import json
import math
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from svfair.audit import Audit
from svfair.metrics import Evaluation, Settings, ThresholdRule, evaluate, make_trial_set
from svfair.reports.field_table import field_table, mismatches
from svfair.reports.json_report import to_json
from svfair.reports.terminal import footnotes, print_audits


def test_table_has_the_columns_of_the_field(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluations = [make_evaluation("plain"), make_evaluation("other", ease=2.5)]
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


def test_terminal_shows_every_figure_in_80_columns(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    evaluation = make_evaluation("a system with a [long] name")
    print_audits(console, [Audit(evaluation), Audit(make_evaluation("other", ease=2.5))])
    console.file.close()
    text = console.export_text()
    assert "…" not in text
    assert f"{100 * evaluation.overall.errors.eer:.2f}" in text
    assert "* country_region unknown: attribute not known; 1 speaker, fewer than 2" in text
    assert "trials cross groups" in text
    assert "no intervals" in text
    assert max(len(line) for line in text.splitlines() if "──" in line) <= 80


def of_countries(system: str, countries: tuple[str, ...], trials: int = 3000) -> Evaluation:
    random = np.random.default_rng(1)
    speakers = [f"s{i}" for i in range(12)]
    enrol = random.choice(speakers, trials)
    test = np.where(random.random(trials) < 0.5, enrol, random.choice(speakers, trials))
    scores = random.normal(size=trials) + 2 * (enrol == test)
    return evaluate(
        make_trial_set(scores, enrol == test, enrol.tolist(), test.tolist()),
        {"country": {s: countries[i % len(countries)] for i, s in enumerate(speakers)}},
        Settings(minimum_speakers=2, minimum_targets=10),
        system=system,
    )


def test_gaps_over_other_groups_are_shown_and_not_compared() -> None:
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
    trials, groups = mismatches(evaluations)
    assert trials.startswith("B was scored on other trials than A")
    assert "x, y for A, but x, z for B" in groups
    assert mismatches([evaluations[0], of_countries("C", ("x", "y"))]) == []


def test_systems_have_their_own_footnotes(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluations = [make_evaluation(), make_evaluation("other", ease=2.5)]
    line = footnotes(evaluations)[0]
    for evaluation in evaluations:
        assert f"{evaluation.pooled_threshold:.4f} for {evaluation.system}" in line
    assert footnotes(evaluations)[1:] == footnotes(evaluations[:1])[1:]
    assert "A, country: " in "".join(
        footnotes([of_countries("A", ("x", "y")), of_countries("B", ("x", "y"), trials=2000)])
    )


def test_table_refuses_what_has_no_table(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="no evaluation"):
        field_table([])
    with pytest.raises(ValueError, match="not of the same attributes"):
        field_table([make_evaluation(), of_countries("A", ("x", "y"))])


def test_json_has_everything_and_no_nan(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    evaluation = make_evaluation()
    content = json.loads(json.dumps(to_json([Audit(evaluation)]), allow_nan=False))
    assert content["schema"] == 3
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


def test_one_word_for_the_threshold_of_all_groups(make_evaluation) -> None:  # type: ignore[no-untyped-def]
    chosen = make_evaluation()
    given = replace(chosen, settings=replace(chosen.settings, threshold=ThresholdRule("score", 1.5)))
    assert (
        "FNMR and FMR: at one threshold for all (of equal error over all trials): " in footnotes([chosen])[0]
    )
    assert "FNMR and FMR: at the deployed threshold (given as 1.5): " in footnotes([given])[0]
