"""`svfair compare`, and the options that the measuring commands share, as users call them."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from svfair.cli.main import app

FEW = ("--replicates", "60", "--permutations", "60", "--minimum-targets", "20")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("svfair: ")
    return line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores of a system, of two seeds of a better one for women, and metadata of 24 speakers."""
    path = tmp_path_factory.mktemp("compare")
    random = np.random.default_rng(0)
    speakers = np.array([f"id{number:02d}" for number in range(24)])
    gender = np.where(np.arange(24) % 2, "f", "m")
    enrol, test = random.integers(24, size=3000), random.integers(24, size=3000)
    test = np.where(random.random(3000) < 0.5, enrol, test)
    target, women = enrol == test, gender[enrol] == "f"
    shared = random.normal(size=3000)
    for name, ease in (("base", 1.5), ("fair-0", 2.4), ("fair-1", 2.5)):
        noise = 0.9 * shared + 0.4 * random.normal(size=3000)
        score = noise + target * np.where(women, ease, 2.5)
        order = random.permutation(3000)
        sides = [[f"{speakers[n]}/v/{row:05d}.wav" for row, n in enumerate(side)] for side in (enrol, test)]
        table = pl.DataFrame(
            {"enrol": sides[0], "test": sides[1], "label": target.astype(int), "score": score}
        )
        table[order].write_csv(path / f"{name}.csv")
    ages = [str(20 + number) for number in range(24)]
    pl.DataFrame({"speaker_id": speakers, "gender": gender, "age": ages}).write_csv(path / "meta.csv")
    return path


def test_compare_prints_paired_changes_in_any_order_of_the_trials(folder: Path) -> None:
    result = run(
        "compare", folder / "base.csv", folder / "fair-0.csv", "--speakers", folder / "meta.csv", *FEW
    )
    assert result.exit_code == 0, result.output
    assert "From base to fair-0" in result.stdout
    assert re.search(r"female .*-\d+\.\d !", result.stdout)
    assert "! marks a change whose interval leaves out 0" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines() if "──" in line) <= 80


def test_several_seeds_are_one_system(folder: Path) -> None:
    seeds = f"{folder / 'fair-0.csv'},{folder / 'fair-1.csv'}"
    result = run(
        *("compare", folder / "base.csv", seeds, "--speakers", folder / "meta.csv", *FEW),
        *("--name", "base", "--name", "fair", "--json", "--html", folder / "r.html"),
    )
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    _, fair = content["systems"]
    assert fair["settings"]["resampling"]["seeds"] == 2
    single = [
        json.loads(
            run("audit", folder / f"fair-{n}.csv", "--speakers", folder / "meta.csv", "--json", *FEW).stdout
        )["systems"][0]["overall"]["errors"]["eer"]
        for n in (0, 1)
    ]
    assert fair["overall"]["errors"]["eer"] == pytest.approx(np.mean(single))
    (comparison,) = content["comparisons"]
    female = next(
        change for change in comparison["changes"] if (change["group"], change["rate"]) == ("female", "eer")
    )
    assert female["baseline_value"] > female["other_value"]
    # Two seeds: their mean is known with one degree of freedom.
    assert female["difference_interval"]["low"] < female["difference"] < female["difference_interval"]["high"]
    inputs = [system["inputs"] for system in content["systems"]]
    assert [[one["name"] for one in own] for own in inputs] == [["base.csv"], ["fair-0.csv", "fair-1.csv"]]
    assert len({one["list_sha256"] for own in inputs for one in own}) == 1
    assert (folder / "r.html").is_file()


@pytest.mark.slow
def test_compare_refuses_other_trials_and_labels(folder: Path, tmp_path: Path) -> None:
    table = pl.read_csv(folder / "base.csv")
    other = tmp_path / "other.csv"
    command = ("compare", folder / "base.csv", other, "--speakers", folder / "meta.csv")
    table[5:].write_csv(other)
    assert "lacks 5 trials of" in refused(*command)
    pl.concat([table, table[:1].with_columns(test=pl.lit("id00/new.wav"))]).write_csv(other)
    assert re.search(r"base.csv: lacks 1 trials of .*other.csv, the first is", refused(*command))
    table.with_columns(
        label=pl.when(pl.int_range(pl.len()) == 3).then(1 - pl.col("label")).otherwise(pl.col("label"))
    ).write_csv(other)
    assert "1 labels differ from those in" in refused(*command)
    assert "--speakers or --manifest: give one of the two" in refused(*command[:3])
    assert "cannot be read" in refused(*command[:2], tmp_path / "gone.csv", *command[3:])


def test_crossings_bins_and_controls(folder: Path) -> None:
    result = run(
        *("audit", folder / "base.csv", "--speakers", folder / "meta.csv", "--json", *FEW),
        *("--by", "gender*age:32", "--by", "age:28,36", "--same", "gender", "--minimum-speakers", "2"),
    )
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    attributes = content["systems"][0]["attributes"]
    assert [group["name"] for group in attributes["age:28,36"]["groups"]] == [
        *("under 28", "28 to 36", "36 and over")
    ]
    assert "female, under 32" in [group["name"] for group in attributes["gender*age:32"]["groups"]]
    overall = content["systems"][0]["overall"]["errors"]
    (note,) = content["systems"][0]["notes"]
    assert (note["kind"], note["attribute"], note["of"]) == ("trials_not_same", "gender", 3000)
    assert overall["targets"] + overall["non_targets"] == 3000 - note["count"] < 3000


def test_threshold_stratum_level_and_no_intervals(folder: Path) -> None:
    audit = ("audit", folder / "base.csv", "--speakers", folder / "meta.csv", "--json")
    found = {}
    for text in ("eer", "dcf", "fmr=0.1", "1.25"):
        content = json.loads(run(*audit, *FEW, "--threshold", text, "--stratify", "gender").stdout)
        found[text] = content["systems"][0]
        assert found[text]["settings"]["resampling"]["stratified"] is True
        assert found[text]["settings"]["stratify"] == "gender"
    assert found["1.25"]["pooled_threshold"] == 1.25
    assert found["fmr=0.1"]["overall"]["errors"]["fmr_at_pooled"] <= 0.1
    assert len({system["pooled_threshold"] for system in found.values()}) == 4
    wide, narrow = (
        json.loads(run(*audit, *FEW, "--level", level).stdout)["systems"][0]["overall"]["intervals"]["eer"]
        for level in (0.99, 0.5)
    )
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
    plain = json.loads(run(*audit, "--replicates", 0).stdout)["systems"][0]
    assert plain["settings"]["resampling"] is None
    assert plain["overall"]["intervals"] == {}
    hull = json.loads(run(*audit, "--replicates", 0, "--hull").stdout)["systems"][0]
    assert hull["settings"]["eer"] == "convex hull"
    assert hull["overall"]["errors"]["eer"] <= plain["overall"]["errors"]["eer"]


def test_one_seed_gives_one_result_and_another_another(folder: Path) -> None:
    audit = ("audit", folder / "base.csv", "--speakers", folder / "meta.csv", "--json", *FEW)
    first, again, other = (run(*audit, "--seed", seed).stdout for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_csv_and_latex(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "groups.csv", tmp_path / "table.tex"
    result = run(
        *("audit", folder / "base.csv", "--speakers", folder / "meta.csv", "--name", "a_b & 1%", *FEW),
        *("--csv", out[0], "--latex", out[1]),
    )
    assert result.exit_code == 0, result.output
    table = pl.read_csv(out[0])
    assert table["group"].to_list() == ["overall", "male", "female"]
    assert (table["eer_low"] <= table["eer"]).all()
    assert (table["eer"] <= table["eer_high"]).all()
    tex = out[1].read_text()
    assert r"a\_b \& 1\% & " in tex
    assert tex.count(r"\\") == 3
    assert tex.count("{") == tex.count("}")


def test_labels_from_a_list_and_bad_lines(folder: Path, tmp_path: Path) -> None:
    table = pl.read_csv(folder / "base.csv")
    scores, trials = tmp_path / "scores.txt", tmp_path / "trials.txt"
    table.select("enrol", "test", "score").write_csv(scores, separator=" ", include_header=False)
    table.select("label", "enrol", "test").write_csv(trials, separator=" ", include_header=False)
    audit = ("audit", scores, "--speakers", folder / "meta.csv", "--json", "--replicates", 0)
    content = json.loads(run(*audit, "--trials", trials).stdout)
    assert content["systems"][0]["overall"]["errors"]["targets"] == int(table["label"].sum())
    assert "--trials" in refused(*audit)
    table.select("label", "enrol", "test", "score").write_csv(scores, separator=" ", include_header=False)
    with scores.open("a") as file:
        file.write("1 id00/a.wav id00/b.wav nan\n")
    assert "line 3001: score 'nan'" in refused(*audit)
    lenient = json.loads(run(*audit, "--skip-bad-lines").stdout)
    (note,) = lenient["systems"][0]["notes"]
    assert (note["kind"], note["count"]) == ("lines_rejected", 1)
    assert note["examples"] == ["line 3001: score 'nan' is not a finite number"]


def test_options_that_are_off_are_named(folder: Path) -> None:
    audit = ("audit", folder / "base.csv", "--speakers", folder / "meta.csv")
    for option, value, message in (
        ("--threshold", "best", "--threshold: 'best' is none of eer, dcf, fmr=RATE or a number"),
        ("--threshold", "fmr=2", "--threshold: a false match rate lies between 0 and 1"),
        ("--interval", "bca", "--interval: 'bca' is none of percentile, basic"),
        ("--level", 1, "--level: must lie between 0 and 1"),
        ("--replicates", 1, "--replicates: must be at least 2, not 1"),
        ("--c-fa", 0, "--c-fa: must be above 0, not 0.0"),
        ("--by", "age:x", "--by age:x: 'age:x': bins need rising numbers"),
        ("--by", "gender:1", "--by gender:1: 'gender' holds no numbers"),
        ("--same", "shoe", "--same shoe: no such attribute 'shoe'"),
        ("--stratify", "shoe", "--stratify shoe: no such attribute 'shoe'"),
    ):
        assert message in refused(*audit, option, value)


def test_target_trials_between_two_speakers_are_refused_or_told(folder: Path, tmp_path: Path) -> None:
    table = pl.read_csv(folder / "base.csv")
    bad = tmp_path / "bad.csv"
    audit = ("audit", bad, "--speakers", folder / "meta.csv")
    crossed = table.with_columns(test=pl.col("test").str.replace("^id", "xx"))
    crossed.write_csv(bad)
    assert "target trials are between two speakers, the first between 'id" in refused(*audit)
    row = int(table["label"].arg_max())  # type: ignore[arg-type]
    swapped = pl.when(pl.int_range(pl.len()) == row).then(pl.lit("xx/1.wav")).otherwise(pl.col("test"))
    table.with_columns(test=swapped).write_csv(bad)
    result = run(*audit, *FEW)
    assert result.exit_code == 0, result.output
    assert "1 target trials are between two speakers; they count as they are labelled" in result.stderr


@pytest.mark.fault("options out of bounds")
@pytest.mark.parametrize(
    ("baseline", "other", "named"), [("", "b.txt", "baseline"), ("a.txt", ",", "others")]
)
def test_a_system_without_a_score_file_is_refused(
    tmp_path: Path, baseline: str, other: str, named: str
) -> None:
    (tmp_path / "speakers.csv").write_text("speaker_id,gender\na,m\n")
    message = refused("compare", baseline, other, "--speakers", tmp_path / "speakers.csv")
    assert f"{named}: names no score file" in message
