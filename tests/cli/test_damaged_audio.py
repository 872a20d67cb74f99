"""Damaged audio of every kind through the commands: rejected with a reason, or one line and exit code 2."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from audio_files import RATE, encode
from typer.testing import CliRunner, Result

from svfair.cli.main import app
from svfair.extractors import EcapaExtractor, save_extractor


def noise(seed: int, seconds: float = 1.0) -> np.ndarray:
    tone = 0.2 * np.sin((0.03 + 0.01 * (seed % 7)) * np.arange(round(seconds * RATE)))
    return tone + np.random.default_rng(seed).normal(0, 0.05, len(tone))


def put(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def flac_of(samples: int) -> bytes:
    content = bytearray(encode("flac", noise(0)))
    content[21] = (content[21] & 0xF0) | (samples >> 32)
    return put(bytes(content), 22, struct.pack(">I", samples & 0xFFFFFFFF))


def mp3_of(more_frames: int) -> bytes:
    content = encode("mp3", noise(0))
    place = content.index(b"Xing") + 8
    frames = struct.unpack(">I", content[place : place + 4])[0]
    return put(content, place, struct.pack(">I", frames + more_frames))


def wav_of(stated: int) -> bytes:
    content = encode("wav", noise(0))
    return put(content, content.index(b"data") + 4, struct.pack("<I", stated))


def m4a_with(box: bytes, new: bytes) -> bytes:
    content = encode("m4a", noise(0))
    return put(content, content.index(box), new)


def middle_lost(suffix: str) -> bytes:
    content = encode(suffix, noise(0, 4.0))
    third = len(content) // 3
    return put(content, third, bytes(third // 2))


def with_value(value: float) -> bytes:
    samples = noise(0)
    samples[3500] = value
    return encode("float.wav", samples)


#: Name to content and what `prepare` says of it.
REJECTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing.wav": (lambda: b"", "is empty (0 bytes)"),
    "text.flac": (lambda: b"hello", "cannot be read as audio ("),
    "cut-wav.wav": (
        lambda: encode("wav", noise(0))[:9000],
        "is cut off: its header says 32,000 bytes of audio",
    ),
    "cut-flac.flac": (lambda: encode("flac", noise(0, 4.0))[:20000], "is cut off: it ends before the 4.00 s"),
    "cut-mp3.mp3": (lambda: encode("mp3", noise(0, 4.0))[:3000], "is cut off: it ends before the 4.00 s"),
    "cut-m4a.m4a": (lambda: encode("m4a", noise(0))[:3000], "cannot be read as audio ("),
    "start-ogg.ogg": (lambda: encode("ogg", noise(0))[100:], "cannot be read as audio ("),
    "start-opus.opus": (lambda: encode("opus", noise(0))[:60], "cannot be read as audio ("),
    "lies.flac": (lambda: flac_of(2**36 - 1), "would last 1,193.0 hours, which "),
    "short.mp3": (lambda: mp3_of(40), "is cut off: it ends before the 2.44 s"),
    "no-rate.m4a": (lambda: m4a_with(b"mdhd", b"free"), "cannot be read as audio (its length is not stated)"),
    "no-audio.m4a": (lambda: m4a_with(b"soun", b"vide"), "cannot be read as audio (no audio stream)"),
    "no-track.m4a": (lambda: m4a_with(b"trak", b"free"), "cannot be read as audio (no audio stream)"),
    "no-codec.m4a": (lambda: m4a_with(b"stsd", b"free"), "cannot be read as audio (its codec is not known)"),
    "no-index.m4a": (lambda: m4a_with(b"stco", b"free"), "cannot be read as audio (its tables are damaged)"),
    "rate.wav": (lambda: put(encode("wav", noise(0)), 24, b"\1\0\0\0"), "has a sampling rate of 1 Hz"),
    "nan.wav": (lambda: with_value(np.nan), "holds samples that are not numbers (first at 0.219 s)"),
    "inf.wav": (lambda: with_value(-np.inf), "holds samples that are not numbers (first at 0.219 s)"),
    "loud.wav": (lambda: with_value(1e30), "holds samples as large as 1e+30, where 1 is full scale"),
    "click.wav": (lambda: encode("wav", noise(0, 0.02)), "too short: 0.02 s"),
}

#: What can be read: header and decoder disagree, but little or for a reason.
ACCEPTED: dict[str, Callable[[], bytes]] = {
    "pipe.wav": lambda: wav_of(0xFFFFFFFF),
    "pipe2.wav": lambda: wav_of(0x7FFFFFDB),
    "stream.flac": lambda: flac_of(0),
    "two-frames.mp3": lambda: mp3_of(2),
    "more.flac": lambda: flac_of(RATE + 3000),
    "other.flac": lambda: encode("wav", noise(99)),
}

#: What only decoding shows, and what is said then.
DECODED: dict[str, tuple[Callable[[], bytes], str]] = {
    "middle.flac": (lambda: middle_lost("flac"), r"cannot be read as audio \("),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of six speakers with four good files each."""
    root = tmp_path_factory.mktemp("source")
    rows = ["path,speaker_id,session_id,gender"]
    for number in range(24):
        speaker = number % 6
        (root / f"good-{number}.wav").write_bytes(encode("wav", noise(number)))
        rows.append(f"good-{number}.wav,s{speaker},s{speaker}-{number // 12},{'mf'[speaker % 2]}")
    (root / "good.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("extractor") / "x.safetensors"
    save_extractor(EcapaExtractor(8, 8, 16, 8), path)
    return path


def listed(source: Path, names: list[str]) -> str:
    """Write a table of the good files and some others."""
    rows = [f"{name},s{number % 6},s{number % 6}-9,{'mf'[number % 2]}" for number, name in enumerate(names)]
    table = source / f"{names[0]}.csv"
    table.write_text((source / "good.csv").read_text() + "\n".join(rows) + "\n")
    return str(table)


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code in (0, 2), result.output
    assert "Traceback" not in result.output
    return result


def prepared(source: Path, out: Path, names: list[str], *options: object) -> pl.DataFrame:
    """Prepare the files and return what is rejected."""
    table = listed(source, names)
    result = call("prepare", "table", source, out, "--table", table, "--workers", 1, *options)
    assert result.exit_code == 0, result.output
    return pl.read_csv(out / "rejected.csv", infer_schema=False)


@pytest.mark.fault("audio that is damaged")
def test_damage_that_a_header_shows_is_rejected_by_the_file(
    source: Path, extractor: Path, tmp_path: Path
) -> None:
    for name, (make, _) in REJECTED.items():
        (source / name).write_bytes(make())
    found = prepared(source, tmp_path / "out", list(REJECTED), "--max-rejected", 0.9)
    assert found["path"].to_list() == sorted(REJECTED)
    for name, reason in zip(found["path"], found["reason"], strict=True):
        assert reason.startswith(REJECTED[name][1]), (name, reason)
    result = call("embed", extractor, tmp_path / "out", tmp_path / "e.parquet", "--json")
    assert json.loads(result.stdout)["utterances"] == 24


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize("name", REJECTED)
def test_a_manifest_of_such_a_file_is_refused_by_embed_and_train(
    source: Path, extractor: Path, tmp_path: Path, tiny_recipe: list[str], name: str
) -> None:
    make, reason = REJECTED[name]
    manifest = source / f"manifest-{name}.csv"
    rows = ["utterance_id,path,speaker_id,session_id,duration_s"]
    rows += [f"u{number},good-{number}.wav,s{number % 6},x{number},1.0" for number in range(24)]
    (source / name).write_bytes(make())
    manifest.write_text("\n".join([*rows, f"bad,{name},s1,y,1.0"]) + "\n")
    if name == "click.wav":
        manifest.write_text(manifest.read_text().replace("y,1.0", "y,0.02"))
        reason = "line 26: utterance 'bad' lasts 0.020 s, and the extractor needs 0.040 s"
    result = call("embed", extractor, manifest, tmp_path / "e.parquet")
    assert result.exit_code == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith(f"svfair: {manifest}: line 26: ")
    assert reason in line
    assert not (tmp_path / "e.parquet").exists()
    if name != "click.wav":  # which training crops repeat
        result = call("train", *tiny_recipe, "--data", manifest, "--out", tmp_path / "run")
        assert result.exit_code == 2
        assert result.stderr.strip().splitlines()[-1] == line
        assert not (tmp_path / "run").exists()


@pytest.fixture
def tiny_recipe(tiny: dict[str, str], tmp_path: Path) -> list[str]:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text("evaluation: {by: [gender], match: []}\n")
    fields = tiny | {"evaluation.replicates": "0", "training.steps": "40", "objective.loss": "pair_logistic"}
    return [str(recipe), *(part for key, value in fields.items() for part in ("--set", f"{key}={value}"))]


@pytest.mark.slow
@pytest.mark.fault("audio shorter than its header says")
@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_what_is_accepted_is_accepted_by_all(
    source: Path, extractor: Path, tmp_path: Path, tiny_recipe: list[str], store: str
) -> None:
    for name, make in ACCEPTED.items():
        (source / name).write_bytes(make())
    rejected = prepared(source, tmp_path / "out", list(ACCEPTED), "--store", store)
    # The two from a pipe have the same samples, but not the same bytes.
    assert rejected.height == 0
    result = call("embed", extractor, tmp_path / "out", tmp_path / "e.parquet", "--json")
    assert json.loads(result.stdout)["utterances"] == 24 + len(ACCEPTED)
    result = call("train", *tiny_recipe, "--data", tmp_path / "out", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize("name", DECODED)
@pytest.mark.parametrize("store", ["source", "flac"])
def test_damage_that_only_decoding_shows_is_named_there(
    source: Path, extractor: Path, tmp_path: Path, name: str, store: str
) -> None:
    make, reason = DECODED[name]
    (source / name).write_bytes(make())
    rejected = prepared(source, tmp_path / "out", [name], "--store", store)
    if store == "flac":
        assert rejected["path"].to_list() == [name]
        assert rejected["reason"].str.contains(rf"^{reason}").all()
        return
    assert rejected.height == 0
    result = call("embed", extractor, tmp_path / "out", tmp_path / "e.parquet")
    assert result.exit_code == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith(f"svfair: {os.path.realpath(source)}/{name}: ")
    assert pl.Series([line]).str.contains(reason)[0]
    assert not (tmp_path / "e.parquet").exists()


@pytest.mark.slow
@pytest.mark.fault("errors in a worker process")
@pytest.mark.parametrize("workers", [0, 1])
def test_training_names_the_file_with_workers_as_without(
    tmp_path: Path, tiny_recipe: list[str], workers: int
) -> None:
    """What a header cannot show: all of a speaker's files are damaged in their middle."""
    damaged = middle_lost("flac")
    rows = ["utterance_id,path,speaker_id,session_id,duration_s,gender"]
    for number in range(24):
        path = f"bad-{number}.flac"
        good = number % 6 == 5
        (tmp_path / path).write_bytes(encode("flac", noise(number, 4.0)) if good else damaged)
        rows.append(f"u{number},{path},s{number % 6},x{number},4.0,{'mf'[number % 2]}")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    options = ["--no-evaluate", "--set", f"data.workers={workers}"]
    result = call("train", *tiny_recipe, "--data", manifest, "--out", tmp_path / "run", *options)
    assert result.exit_code == 2
    message = result.stderr.strip().splitlines()[-1]
    assert pl.Series([message]).str.contains(
        rf"^svfair: {tmp_path}/bad-\d+.flac: cannot be read as audio \(.+\); replace the file or drop it$"
    )[0], message
