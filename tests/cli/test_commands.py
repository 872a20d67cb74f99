import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.trials import hash_of_list, read_scores

COMMANDS = ["synth", "train", "embed", "trials", "score", "evaluate", "audit", "demo", "prepare"]

PAIRWISE = str(Path(__file__).parents[2] / "recipes" / "synthetic" / "pairwise.yaml")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def tiny_train(tones: Path, tiny: dict[str, str]) -> list[str]:
    """Words of a command that trains within seconds, on half of eight speakers."""
    fields = tiny | {"data.held_out_share": "0.5", "evaluation.match": "[]", "training.steps": "3"}
    settings = [word for field, value in fields.items() for word in ("--set", f"{field}={value}")]
    return ["train", PAIRWISE, "--data", str(tones.parent), *settings]


def refused(*arguments: object) -> str:
    """Run a command that must end with exit code 2 and one line; return the line."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("svfair: ")
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    arguments = [command, "speech-accent-archive"] if command == "prepare" else [command]
    result = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"svfair {command}" in result.output


def test_version_and_no_arguments() -> None:
    assert re.fullmatch(r"svfair \d+\.\d+\.\d+\n", run("--version").output)
    assert "Commands" in run().output


def test_help_and_audit_load_no_torch_and_no_audio() -> None:
    code = """
import sys
from typer.testing import CliRunner
from svfair.cli.main import app
CliRunner().invoke(app, ["--help"])
loaded = {"torch", "speechbrain", "soundfile", "sklearn", "polars", "scipy", "numpy"} & set(sys.modules)
assert not loaded, loaded
import svfair.audit.audit, svfair.audit.systems
loaded = {"torch", "torchaudio", "speechbrain", "soundfile", "soxr"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def audited(tmp_path: Path) -> tuple[Path, Path]:
    """Scores of four speakers, and metadata of three of them."""
    random_scores = [0.9, 0.8, 0.3, 0.7, 0.1, 0.4, -0.2, 0.75]
    pairs = ["a a", "b b", "c c", "d d", "a b", "c d", "b c", "a d"]
    lines = []
    for score, pair in zip(random_scores, pairs, strict=True):
        one, other = pair.split()
        lines.append(f"{int(one == other)} {one}/1.wav {other}/2.wav {score}\n")
    scores, meta = tmp_path / "scores.txt", tmp_path / "meta.csv"
    scores.write_text("".join(lines))
    meta.write_text("speaker_id\tGender\nz\tx\na\tm\nb\tm\nc\tf\n")
    return scores, meta


def test_audit_counts_unknown_speakers_and_writes_a_report(
    audited: tuple[Path, Path], tmp_path: Path
) -> None:
    scores, meta = audited
    result = run("audit", scores, "--speakers", meta, "--html", tmp_path / "r.html", "--minimum-speakers", 1)
    assert result.exit_code == 0, result.output
    assert "scores: 1 of 4 speakers have no metadata; their trials count under unknown." in result.stderr
    assert "unknown *" in result.stdout
    assert "have no metadata" in (tmp_path / "r.html").read_text()
    content = json.loads(run("audit", scores, "--speakers", meta, "--json", "--rule", "any").stdout)
    groups = {g["name"]: g for g in content["systems"][0]["attributes"]["gender"]["groups"]}
    assert groups["unknown"]["errors"]["targets"] == 1
    assert groups["unknown"]["errors"]["non_targets"] == 2
    assert groups["male"]["speakers"] == 2


def test_audit_refuses_in_one_line(audited: tuple[Path, Path], tmp_path: Path) -> None:
    scores, meta = audited
    good = scores.read_text()
    bad = tmp_path / "bad.txt"
    for content, message in (
        ("", "is empty"),
        (
            "".join(line for line in good.splitlines(keepends=True) if line[0] == "1"),
            "need non-target trials",
        ),
        (good.replace("0.75", "nan"), "line 8: score 'nan'"),
        (good.replace("1 d", "2 d"), "line 4: label '2' is none of 0, 1"),
        ("enrol;test\na;b\n", "no column for the label; found enrol, test"),
    ):
        bad.write_text(content)
        assert message in refused("audit", bad, "--speakers", meta)
    assert "cannot be read" in refused("audit", tmp_path / "gone.txt", "--speakers", meta)
    assert "no such attribute 'age'; the speakers have gender" in refused(
        "audit", scores, "--speakers", meta, "--by", "age"
    )
    assert "--rule: 'all' is none of" in refused("audit", scores, "--speakers", meta, "--rule", "all")
    assert "--p-target" in refused("audit", scores, "--speakers", meta, "--p-target", 1)
    nowhere = tmp_path / "nowhere" / "r.html"
    assert "r.html: cannot be written" in refused("audit", scores, "--speakers", meta, "--html", nowhere)
    assert "--c-fa" in refused("audit", scores, "--speakers", meta, "--c-fa", 0)
    assert "target trials are between two speakers" in refused(
        "audit", scores, "--speakers", meta, "--speaker-pattern", "^(.*)$"
    )
    strangers = tmp_path / "strangers.csv"
    strangers.write_text("speaker_id,gender\nx,m\n")
    assert "none of its 4 speakers is in the metadata, the first is 'a'" in refused(
        "audit", scores, "--speakers", strangers
    )
    meta.write_text("speaker_id\na\n")
    assert "nothing to group by" in refused("audit", scores, "--speakers", meta)


@pytest.mark.slow
def test_the_whole_way_by_commands(tones: Path, tmp_path: Path, tiny_train: list[str]) -> None:
    out = tmp_path / "run"
    train = [*tiny_train, "--out", out]
    result = run(*train, "--json")
    assert result.exit_code == 0, result.output
    trained = json.loads(result.stdout)
    assert trained["systems"][0]["system"] == "pairwise"
    for name in ("config.yaml", "environment.json", "extractor.safetensors", "metrics.jsonl", "report.html"):
        assert (out / name).is_file()
    assert "already exists; give --resume to go on with it" in refused(*train)
    assert "complete already" in run(*train, "--resume").stderr

    embeddings, scores = tmp_path / "e.parquet", tmp_path / "s.parquet"
    trials = tmp_path / "t.txt"
    assert json.loads(run("embed", out, tones, embeddings, "--json").stdout)["utterances"] == 32
    written = json.loads(run("trials", tones, trials, "--match", "gender", "--json").stdout)
    assert written["targets"] == 32
    assert json.loads(run("score", embeddings, trials, scores, "--json").stdout)["trials"] == len(
        trials.read_text().splitlines()
    )
    second = tmp_path / "second.csv"
    table = pl.read_parquet(scores)
    table.with_columns(score=pl.col("score") + pl.col("is_target")).write_csv(second)
    evaluate = [
        "evaluate",
        scores,
        second,
        "--manifest",
        tones,
        "--minimum-targets",
        1,
        "--minimum-speakers",
        1,
    ]
    result = run(*evaluate, "--json", "--html", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert [row["system"] for row in content["table"]["rows"]] == ["s", "second"]
    assert content["table"]["rows"][1]["cells"][0]["value"] == 0
    assert content["table"]["rows"][1]["cells"][0]["change"] == pytest.approx(-100)
    assert "Gap: highest minus lowest" in (tmp_path / "r.html").read_text()
    assert run(*evaluate).exit_code == 0
    assert "2 names" in refused(*evaluate[:2], "--manifest", tones, "--name", "a", "--name", "b")
    assert "same name" in refused("evaluate", scores, scores, "--manifest", tones)
    trials.write_text("1 a b\n0 a c\n")
    assert "3 utterances that have no embedding, the first is 'a'" in refused(
        "score", embeddings, trials, scores
    )
    assert "no attribute 'age'" in refused("trials", tones, trials, "--match", "age")


@pytest.mark.slow
def test_train_groups_speakers_as_every_audit_does(
    tones: Path, tmp_path: Path, tiny_train: list[str]
) -> None:
    table = pl.read_csv(tones)
    number = pl.col("speaker_id").str.slice(1).cast(pl.Int64)
    written = table.with_columns(
        gender=pl.col("gender").replace_strict({"male": "m", "female": "f"}), age=20 + 10 * (number // 2)
    )
    written.write_csv(tones)
    by = ["gender", "gender*country", "age:30,50"]
    split = ["--set", f"evaluation.by={json.dumps(by)}", "--set", "data.stratify=[gender]"]
    method = ["--set", "objective.method.warm_up_share=0", "--set", "training.steps=6"]
    result = run(*tiny_train, "--out", tmp_path / "run", *split, *method, "--json")
    assert result.exit_code == 0, result.output
    (system,) = json.loads(result.stdout)["systems"]
    found = {name: {group["name"] for group in system["attributes"][name]["groups"]} for name in by}

    parts = pl.read_csv(tmp_path / "run" / "speakers.csv").select("speaker_id", "part")
    known = table.join(written.select("utterance_id", "age"), "utterance_id").join(parts, "speaker_id")
    bins = {20: "under 30", 30: "30 to 50", 40: "30 to 50", 50: "50 and over"}
    expected = {
        part: {
            "gender": set(rows["gender"]),
            "gender*country": {f"{row['gender']}, {row['country']}" for row in rows.to_dicts()},
            "age:30,50": {bins[age] for age in rows["age"]},
        }
        for (part,), rows in known.group_by("part")
    }
    assert found == expected["held_out"]
    assert found["gender"] == {"male", "female"}
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    watched = [line["group_weights"] for line in lines if "group_weights" in line]
    seen = {name: {group for weights in watched for group in weights[name]} for name in by}
    assert seen == expected["training"]

    scores = tmp_path / "run" / "scores.parquet"
    assert pl.read_parquet_metadata(scores)["svfair.list_sha256"] == hash_of_list(read_scores(scores))
    assert system["inputs"][0]["list_sha256"] == hash_of_list(read_scores(scores))


def test_train_refuses_in_one_line(tones: Path, tmp_path: Path) -> None:
    train = ["train", PAIRWISE, "--data", tones, "--out", tmp_path / "run"]
    assert "unknown field 'training.step'" in refused(*train, "--set", "training.step=3")
    assert "--set training.steps: write it as section.field=value" in refused(
        *train, "--set", "training.steps"
    )
    assert "--set seed.x: 'seed' is a value, not a section" in refused(*train, "--set", "seed.x=1")
    assert "any more; write method: {name: pairwise, regions: 4}" in refused(
        *train, "--set", "objective.reweighting.regions=4"
    )
    assert "data.speakers_per_batch: a batch needs 40" in refused(*train)
    assert "training.device" in refused(*train, "--set", "training.device=tpu")
    fewer = ("--set", "data.speakers_per_batch=2")
    assert "evaluation.by age: no such attribute 'age'; the speakers have gender" in refused(
        *train, *fewer, "--set", "evaluation.by=[age]"
    )
    assert "evaluation.by gender:30: 'gender' holds no numbers" in refused(
        *train, *fewer, "--set", "evaluation.by=['gender:30']"
    )
    assert "evaluation.match: no attribute 'age'" in refused(
        *train, *fewer, "--set", "evaluation.match=[age]"
    )
    assert not (tmp_path / "run").exists()
    recipe = tmp_path / "r.yaml"
    recipe.write_text("traning: {}\n")
    assert "unknown field 'traning'" in refused("train", recipe, "--data", tones)
    first = next((tones.parent / "audio").iterdir())
    first.write_bytes(b"fLaC")
    assert f"{first}' cannot be read as audio" in refused(*train)
    first.unlink()
    assert "is missing" in refused(*train)


@pytest.mark.slow
def test_synth_by_command(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="needs the extra `demo`")
    synth = [
        "synth",
        tmp_path / "c",
        "--speakers",
        4,
        "--sessions",
        1,
        "--utterances",
        1,
        "--gender-ratio",
        "1:3",
    ]
    result = run(*synth, "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert pl.read_csv(made["manifest"])["gender"].sort().to_list() == ["female", "male", "male", "male"]
    assert "exclude each other" in refused(*synth, "--balanced")
    assert "other settings" in refused(*synth, "--seed", 1)
    assert "'Mars' is none of" in refused("synth", tmp_path / "d", "--countries", "Mars=1")


@pytest.mark.slow
def test_prepare_by_command(tmp_path: Path, real_data: Path) -> None:
    source = tmp_path / "archive"
    (source / "recordings").mkdir(parents=True)
    real = real_data / "speech-accent-archive"
    (source / "speakers_all.csv").write_bytes((real / "speakers_all.csv").read_bytes())
    for path in sorted((real / "recordings").glob("*.ogg"))[:3]:
        (source / "recordings" / path.name).symlink_to(path)
    command = ("prepare", "speech-accent-archive", source, tmp_path / "out", "--cut", "--json")
    result = run(*command)
    assert result.exit_code == 2
    assert "432 of 435 files are rejected (432 missing)" in result.stderr
    result = run(*command, "--max-rejected", 1)
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["speakers"] == 3
    assert made["rejected"] == {"missing": 432}
    manifest = pl.read_parquet(made["manifest"])
    assert manifest["duration_s"].is_between(2, 5).all()
    assert soundfile.info(tmp_path / "out" / manifest["path"][0]).samplerate == 16000
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no 'speakers_all.csv'; put it there" in refused(
        "prepare", "speech-accent-archive", empty, tmp_path / "x"
    )


@pytest.mark.slow
def test_interrupted_process_leaves_a_checkpoint_and_resumes(tiny_train: list[str], tmp_path: Path) -> None:
    def command(out: Path) -> list[str]:
        arguments = [*tiny_train, "--out", str(out), "--no-evaluate", "--set", "training.steps=60"]
        return [sys.executable, "-m", "svfair", *arguments]

    out = tmp_path / "run"
    process = subprocess.Popen(command(out), stderr=subprocess.PIPE, text=True, env={**os.environ})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if (out / "metrics.jsonl").is_file() and (out / "metrics.jsonl").read_text().count("\n") >= 5:
            break
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "with --resume goes on" in stderr
    assert "Traceback" not in stderr
    stopped = (out / "metrics.jsonl").read_text().count("\n")
    assert 5 <= stopped < 60
    subprocess.run([*command(out), "--resume"], check=True, capture_output=True)
    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True)
    assert (out / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()
