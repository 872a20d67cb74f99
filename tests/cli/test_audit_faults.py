"""What goes wrong with scores, lists, speakers and manifests, as users of the measuring commands see it."""

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from svfair.cli.main import app

QUICK = ("--replicates", "0", "--permutations", "0", "--minimum-speakers", "2", "--minimum-targets", "10")
NAMES = [f"id{number:02d}" for number in range(12)]

Write = Callable[[Path, pl.DataFrame], None]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def whole() -> pl.DataFrame:
    random = np.random.default_rng(0)
    enrol = random.integers(12, size=600)
    test = np.where(random.random(600) < 0.5, enrol, random.integers(12, size=600))
    target = enrol == test
    return pl.DataFrame(
        {
            "enrol": [f"{NAMES[speaker]}/v/{row:04d}.wav" for row, speaker in enumerate(enrol)],
            "test": [f"{NAMES[speaker]}/w/{row:04d}.wav" for row, speaker in enumerate(test)],
            "label": target.astype(int),
            "score": (random.normal(size=600) + 2.5 * target).round(4),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, whole: pl.DataFrame) -> Path:
    """Whole scores, their list, the manifest of their utterances and metadata of their speakers."""
    whole.write_csv(tmp_path / "whole.csv")
    whole.drop("score").write_csv(tmp_path / "list.csv")
    utterances = pl.concat([whole["enrol"], whole["test"]]).unique(maintain_order=True)
    manifest = pl.DataFrame({"utterance_id": utterances, "path": utterances}).with_columns(
        speaker_id=pl.col("path").str.head(4), session_id=pl.col("path").str.head(6), duration_s=pl.lit(1.0)
    )
    genders = pl.DataFrame({"speaker_id": NAMES, "gender": ["f", "m"] * 6})
    manifest.join(genders, on="speaker_id").write_csv(tmp_path / "manifest.csv")
    genders.write_csv(tmp_path / "meta.csv")
    return tmp_path


def commands(folder: Path, scores: Path, *more: object) -> dict[str, list[object]]:
    speakers, manifest = ("--speakers", folder / "meta.csv"), ("--manifest", folder / "manifest.csv")
    return {
        "audit": ["audit", scores, *speakers, *QUICK, *more],
        "compare": ["compare", folder / "whole.csv", scores, *speakers, *QUICK, *more],
        "evaluate": ["evaluate", folder / "whole.csv", scores, *manifest, *QUICK, *more],
    }


def text(change: Callable[[str], str]) -> Write:
    return lambda path, table: path.write_text(change(table.write_csv())) and None


def lines(order: str, delimiter: str = " ") -> Write:
    def write(path: Path, table: pl.DataFrame) -> None:
        rows = [[str(row[name]) for name in order.split()] for row in table.rows(named=True)]
        path.write_text("".join(f"{delimiter.join(row)}\n" for row in rows))

    return write


def first_score(value: str) -> Write:
    def change(content: str) -> str:
        head, first, rest = content.split("\n", 2)
        return f"{head}\n{first.rpartition(',')[0]},{value}\n{rest}"

    return text(change)


def parquet(change: Callable[[bytes], bytes]) -> Write:
    def write(path: Path, table: pl.DataFrame) -> None:
        table.write_parquet(path)
        path.write_bytes(change(path.read_bytes()))

    return write


BAD: dict[str, tuple[str, Write, str]] = {
    "empty": ("a file that is damaged", text(lambda _: ""), "is empty"),
    "NUL": ("a file that is damaged", text(lambda content: content + "\0"), "is not a text file"),
    "UTF-16": (
        "a file that is damaged",
        lambda path, table: path.write_bytes(table.write_csv().encode("utf-16")) and None,
        "is UTF-16 text; save it as UTF-8",
    ),
    "cut gzip": (
        "a file that is damaged",
        lambda path, table: path.write_bytes(gzip.compress(table.write_csv().encode())[:-20]) and None,
        "cannot be read (",
    ),
    "cut Parquet": ("Parquet that is damaged", parquet(lambda content: content[:-30]), "it is cut short"),
    "Parquet in name": ("Parquet that is damaged", parquet(lambda _: b"enrol,test\n"), "it is cut short"),
    "nan": ("scores that are not finite", first_score("nan"), "line 2: score 'nan' is not a finite number"),
    "1e400": ("scores that are not finite", first_score("1e400"), "line 2: score '1e400' is not a finite"),
    "no score": ("scores that are not finite", first_score(""), "line 2: score '' is not a finite number"),
    "another label": ("labels that are none", text(lambda c: c.replace(",1,", ",2,", 1)), "label '2' is"),
    "own labels": (
        "labels in words of their own",
        text(lambda c: c.replace(",1,", ",eigen,").replace(",0,", ",fremd,")),
        "name the one for the same speaker with --target-label",
    ),
    "targets alone": ("labels that are none", text(lambda c: c.replace(",0,", ",1,")), "holds target trials"),
    "order": ("fields in an order that cannot be told", lines("enrol test label label"), "put a header"),
    "no labels": ("fields that are missing", lines("score enrol test"), "give the list of trials with --tr"),
    "no scores": ("fields that are missing", lines("label enrol test"), "is a list of trials without scores"),
    "columns": (
        "fields that are missing",
        text(lambda c: c.replace("enrol,test,label,score", "a,b,c,d")),
        "no column for the enrolment utterance; found a, b, c, d. Name it with --enrol-column",
    ),
    "distances": (
        "distances in place of scores",
        lambda path, table: table.with_columns(-pl.col("score")).write_csv(path),
        "so scores seem to be distances, lower for the same speaker; give --lower-is-closer if they are",
    ),
    "two spellings": (
        "two names that become one",
        text(lambda c: c.replace("id00/v", "Zo\u00e9/v", 1) + "Zoe\u0301/v/0000.wav,id00/x,1,0.5\n"
             + "Zo\u00e9/v/0000.wav,id00/y,1,0.5\n"),
        "are one name in two forms of Unicode; keep one",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", ["audit", "compare", "evaluate"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.fault(kind)) for name, (kind, _, _) in BAD.items()]
)
def test_a_fault_is_one_line_and_exit_code_2(
    folder: Path, whole: pl.DataFrame, command: str, name: str
) -> None:
    _, write, message = BAD[name]
    path = folder / ("bad.parquet" if "Parquet" in name else "bad.csv")
    write(path, whole)
    result = run(*commands(folder, path)[command])
    assert result.exit_code == 2, result.output
    line, *hints = result.stderr.strip().splitlines()
    assert line.startswith("svfair: ")
    assert message in line
    assert "bad." in line
    assert bool(hints) == (name == "columns")
    assert result.stdout == ""


GOOD: dict[str, tuple[Write, tuple[str, ...]]] = {
    "VoxSRC": (lines("score enrol test"), ("--trials", "list.csv")),
    "label in the middle": (lines("score enrol label test"), ()),
    "CSV without header": (lines("enrol test label score", ","), ()),
    "-1": (text(lambda c: c.replace(",0,", ",-1,")), ()),
    "same": (text(lambda c: c.replace(",0,", ",different,").replace(",1,", ",same,")), ()),
    "own words": (
        text(lambda c: c.replace(",0,", ",fremd,").replace(",1,", ",eigen,")),
        ("--target-label", "eigen"),
    ),
    "JSON lines": (lambda path, table: table.write_ndjson(path), ()),
    "Parquet": (parquet(lambda content: content), ()),
    "distances": (
        lambda path, table: table.with_columns(-pl.col("score")).write_csv(path),
        ("--lower-is-closer",),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_way_to_write_scores_gives_the_same_figures(
    folder: Path, whole: pl.DataFrame, name: str
) -> None:
    write, options = GOOD[name]
    path = folder / "scores"
    write(path, whole)
    given = [folder / option if option.endswith(".csv") else option for option in options]
    result = run("audit", path, "--speakers", folder / "meta.csv", *QUICK, "--name", "x", *given)
    assert result.exit_code == 0, result.output
    plain = run("audit", folder / "whole.csv", "--speakers", folder / "meta.csv", *QUICK, "--name", "x")
    assert result.stdout == plain.stdout


@pytest.mark.fault("paths written by Windows")
@pytest.mark.parametrize("form", ["windows", "NFD"])
def test_separators_and_forms_of_unicode(folder: Path, whole: pl.DataFrame, form: str) -> None:
    content = whole.write_csv().replace("id0", "\u00e9d0")
    (folder / "plain").write_text(content)
    (folder / "other").write_text(
        content.replace("/", "\\") if form == "windows" else unicodedata.normalize("NFD", content)
    )
    meta = (folder / "meta.csv").read_text().replace("id0", "\u00e9d0")
    (folder / "meta.csv").write_text(meta)
    found = [
        run("audit", folder / name, "--speakers", folder / "meta.csv", *QUICK, "--name", "x")
        for name in ("plain", "other")
    ]
    assert [result.exit_code for result in found] == [0, 0], found[1].output
    assert found[0].stdout == found[1].stdout


@pytest.mark.fault("fields that are missing")
def test_the_options_that_are_shown_can_be_copied(folder: Path, whole: pl.DataFrame) -> None:
    path = folder / "bad.csv"
    path.write_text(whole.write_csv().replace("enrol,test,label,score", "a,b,c,d"))
    command = ["audit", path, "--speakers", folder / "meta.csv", *QUICK]
    *_, example = run(*command).stderr.strip().splitlines()
    options = [word.strip("'") for word in example.removeprefix("For example: ").split()]
    assert options == [
        "--enrol-column",
        "a",
        "--test-column",
        "b",
        "--label-column",
        "c",
        "--score-column",
        "d",
    ]
    assert run(*command, *options).exit_code == 0


@pytest.mark.fault("tables of speakers that cannot be read")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.replace("speaker_id", "who"), "no column of speaker ids; found who, gender. Name it"),
        (lambda c: c + "id00,m\n", "speaker 'id00' has two rows that differ in lines 2 and 14; keep"),
        (lambda c: c.replace("id0", "x").replace("id1", "x"), "none of its 12 speakers is in the metadata"),
        (lambda _: "speaker_id\nid00\n", "has no attribute beside speaker_id"),
        (lambda _: "", "is empty"),
        (lambda c: c + "id77\n", "line 14: has 1 field instead of 2"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["audit", "compare"])
def test_speakers(folder: Path, change: Callable[[str], str], message: str, command: str) -> None:
    meta = folder / "meta.csv"
    meta.write_text(change(meta.read_text()))
    names = ("--name", "a", "--name", "b") if command == "compare" else ()
    result = run(*commands(folder, folder / "whole.csv", *names)[command])
    assert result.exit_code == 2, result.output
    assert message in result.stderr.splitlines()[0]
    assert "speakers" in result.stderr or "meta.csv" in result.stderr


@pytest.mark.fault("a list that does not fit its manifest")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: "", "bad.csv: is empty"),
        (lambda c: c.replace(",1", ",2", 1), "label '2' is none of"),
        (lambda c: c + "x,y,1\n", "2 of 1,202 utterances are not in the manifest (1 trials): 'x', 'y'"),
        (lambda c: f"{c}{c.split()[1][:-1]}{1 - int(c.split()[1][-1])}\n", "; keep the right one"),
        (lambda c: c.replace("enrol,", "left,", 1), "Name it with --enrol-column"),
        (lambda c: c.replace("label", "truth", 1), "found enrol, test, truth. Name it with --label-column"),
        (lambda c: c.replace(",1", ",eigen").replace(",0", ",fremd"), "the same speaker with --target-label"),
        (lambda _: "a b 0.5\n", "its lines are 'enrol test score', without labels; a list of trials has"),
    ],
)  # fmt: skip
def test_check_trials(folder: Path, change: Callable[[str], str], message: str) -> None:
    (folder / "bad.csv").write_text(change((folder / "list.csv").read_text()))
    assert run("check-trials", folder / "list.csv", folder / "manifest.csv").exit_code == 0
    result = run("check-trials", folder / "bad.csv", folder / "manifest.csv")
    assert result.exit_code == 2, result.output
    assert message in result.stderr.splitlines()[0]


def test_check_trials_takes_columns_and_words(folder: Path) -> None:
    content = (folder / "list.csv").read_text()
    content = content.replace(",1\n", ",eigen\n").replace(",0\n", ",fremd\n")
    (folder / "own.csv").write_text(content.replace("enrol,test,label", "a,b,c"))
    options = ("--enrol-column", "a", "--test-column", "b", "--label-column", "c", "--target-label", "eigen")
    found = run("check-trials", folder / "own.csv", folder / "manifest.csv", *options)
    assert found.exit_code == 0, found.output
    assert found.stdout == run("check-trials", folder / "list.csv", folder / "manifest.csv").stdout
