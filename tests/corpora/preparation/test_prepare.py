import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from svfair.audio.reading import read_audio
from svfair.cli.main import app
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.table import Table
from svfair.corpora.voxceleb import VoxCeleb1, VoxCeleb2
from svfair.errors import InputError
from svfair.manifests.manifest import read_manifest

ALONE = Options(workers=1)


def prepared(source: Path, out: Path, **options: object) -> Prepared:
    return prepare(VoxCeleb1(), source, out, Options(workers=1, **options))  # type: ignore[arg-type]


def reasons(out: Path) -> dict[str, tuple[str, str]]:
    table = pl.read_csv(out / "rejected.csv", infer_schema=False)
    return {path: (kind, reason) for path, kind, reason in table.iter_rows()}


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def first_folder(source: Path) -> Path:
    return source / "dev" / "wav" / "id10001" / "video000000"


def test_a_manifest_that_everything_else_reads(voxceleb1: Path, tmp_path: Path) -> None:
    made = prepared(voxceleb1, tmp_path / "out")
    assert (made.speakers, made.utterances, made.rejected, made.notes) == (4, 24, {}, ())
    manifest = read_manifest(tmp_path / "out")
    row = manifest.table.row(0, named=True)
    assert row["utterance_id"] == "id10001/video000000/00001.wav"
    assert row["session_id"] == "id10001/video000000"
    assert row["duration_s"] == 0.5
    assert (row["gender"], row["country"], row["country_region"], row["split"]) == (
        *("male", "USA", "US"),
        "dev",
    )
    assert manifest.recording(0).path == (first_folder(voxceleb1) / "00001.wav").resolve()
    speakers = pl.read_csv(tmp_path / "out" / "speakers.csv")
    assert speakers["country"].to_list() == ["USA", "GBR", "IND", "USA"]
    assert speakers["country_original"].to_list() == ["USA", "UK", "India", "USA"]
    assert speakers["gender_original"].to_list() == ["m", "f", "m", "f"]


def test_from_the_command_line(voxceleb1: Path, tmp_path: Path) -> None:
    arguments = ["prepare", "voxceleb1", str(voxceleb1), str(tmp_path / "out"), "--workers", "1"]
    result = CliRunner().invoke(app, [*arguments, "--format", "csv", "--json"])
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert (made["speakers"], made["utterances"], made["unchanged"]) == (4, 24, False)
    assert made["manifest"].endswith("manifest.csv")
    (first_folder(voxceleb1) / "00001.wav").write_bytes(b"")
    result = CliRunner().invoke(app, [*arguments, "--format", "csv"])
    assert "23 utterances of 4 speakers" in result.stderr
    assert "Rejected: 1 empty; see" in result.stderr
    assert read_manifest(tmp_path / "out").table.height == 23


def test_many_processes_and_one_make_the_same(voxceleb1: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        options = Options(store="flac", workers=workers)
        prepare(VoxCeleb1(), voxceleb1, tmp_path / str(workers), options)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_valid_result_is_kept_and_a_stale_one_never(voxceleb1: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = prepared(voxceleb1, out)
    before = contents(out)
    second = prepared(voxceleb1, out)
    assert second.unchanged
    assert second.utterances == first.utterances
    assert contents(out) == before
    # A file of the same size and another time is another file.
    changed = first_folder(voxceleb1) / "00001.wav"
    soundfile.write(changed, np.zeros(8000), 16000)
    os.utime(changed, ns=(1, 1))
    assert not prepared(voxceleb1, out).unchanged
    (first_folder(voxceleb1) / "00002.wav").unlink()
    assert prepared(voxceleb1, out).utterances == 23
    metadata = voxceleb1 / "vox1_meta.csv"
    metadata.write_text(metadata.read_text().replace("India", "Ireland"))
    assert not prepared(voxceleb1, out).unchanged
    assert "IRL" in read_manifest(out).table["country"].to_list()
    (out / "manifest.parquet").unlink()
    assert not prepared(voxceleb1, out).unchanged
    assert len(list((out / "parts").iterdir())) == 1
    with pytest.raises(InputError, match="holds a corpus with other settings"):
        prepared(voxceleb1, out, shortest_s=0.2)


def test_the_listing_and_the_reasons(voxceleb1: Path, tmp_path: Path) -> None:
    folder = first_folder(voxceleb1)
    whole = (folder / "00001.wav").read_bytes()
    (folder / "00001.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "00002.wav").write_bytes(b"")
    (folder / "00003.wav").write_bytes(b"RIFF nonsense that is no audio at all")
    other = voxceleb1 / "dev" / "wav" / "id10002" / "video000000"
    shutil.copy(other / "00001.wav", voxceleb1 / "dev" / "wav" / "id10003" / "video000000" / "00001.wav")
    soundfile.write(other / "00002.wav", np.zeros(100), 16000)
    (other / "00003.wav").unlink()
    (other / "00003.wav").symlink_to("nowhere.wav")
    (other / "again").symlink_to(other)
    (voxceleb1 / "interview.wav").write_bytes(whole)
    with_newline = other / "0000\n4.wav"
    with_newline.write_bytes(whole)
    Path(os.fsdecode(os.fsencode(other) + b"/0000\xff.wav")).write_bytes(whole)
    twin = voxceleb1 / "test" / "wav" / "id10004" / "video000000"
    twin.mkdir(parents=True)
    soundfile.write(twin / "00001.wav", np.ones(9000) * 0.1, 16000)
    (other / "sounds.m4a").write_bytes(whole)
    made = prepared(voxceleb1, tmp_path / "out", max_rejected=0.5)
    rows = {
        Path(path).name if "again" in path else path: reason
        for path, reason in reasons(tmp_path / "out").items()
    }
    near, far = "dev/wav/id10001/video000000", "dev/wav/id10002/video000000"
    assert rows[f"{near}/00001.wav"][0] == "cut off"
    assert "16,000 bytes of audio, there are 7,9" in rows[f"{near}/00001.wav"][1]
    assert rows[f"{near}/00002.wav"] == ("empty", "is empty (0 bytes)")
    assert rows[f"{near}/00003.wav"][0] == "unreadable"
    assert rows["dev/wav/id10003/video000000/00001.wav"] == (
        *("duplicate",),
        f"the same recording as {far}/00001.wav",
    )
    assert rows[f"{far}/00002.wav"] == ("too short", "too short: 0.006 s")
    assert rows[f"{far}/00003.wav"][0] == "bad link"
    assert rows["again"] == ("bad link", "symbolic link to a folder above it")
    assert rows[f"{far}/0000\ufffd4.wav"][0] == "unusable name"
    assert rows[f"{far}/0000\ufffd.wav"] == ("unusable name", "its name is not UTF-8 text")
    assert rows["test/wav/id10004/video000000/00001.wav"][0] == "duplicate"
    assert sum(made.rejected.values()) == len(rows) == 10
    assert made.utterances == 24 - 6
    assert made.notes[0].startswith(
        "2 audio files do not belong to what is prepared, such as dev/wav/id10002"
    )


def test_a_column_that_would_clash_is_named(voxceleb1: Path, tmp_path: Path) -> None:
    (voxceleb1 / "list.csv").write_text("path,speaker_id,size\ndev/wav/a.wav,a,9\n")
    with pytest.raises(InputError, match="'size' cannot be the name of an attribute; rename the column"):
        prepare(Table(table=str(voxceleb1 / "list.csv")), voxceleb1, tmp_path / "out", ALONE)


@pytest.mark.fault("audio of another kind than its name")
@pytest.mark.parametrize("store", ["source", "flac"])
def test_m4a_named_wav_is_read(store: str, voxceleb2: Path, tmp_path: Path) -> None:
    folder = voxceleb2 / "dev" / "aac" / "id00010" / "video"
    expected = read_audio(folder / "00001.m4a")
    (folder / "00001.m4a").rename(folder / "00001.wav")
    made = prepare(VoxCeleb2(), voxceleb2, tmp_path / "out", Options(store=store, workers=1))  # type: ignore[arg-type]
    assert (made.utterances, made.rejected) == (6, {})
    manifest = read_manifest(tmp_path / "out")
    row = manifest.table["utterance_id"].to_list().index("id00010/video/00001.wav")
    np.testing.assert_allclose(read_audio(manifest.recording(row)), expected, atol=2 / 32768)


def test_speakers_on_one_side_alone_are_named(voxceleb1: Path, tmp_path: Path) -> None:
    metadata = voxceleb1 / "vox1_meta.csv"
    metadata.write_text(metadata.read_text().replace("id10001", "id11111").replace("India", ""))
    made = prepared(voxceleb1, tmp_path / "out")
    assert made.notes == (
        "1 speaker has recordings but no row in the metadata, such as 'id10001': attributes are unknown",
        "1 speaker has a row in the metadata but no recording, such as 'id11111'",
    )
    speakers = pl.read_csv(tmp_path / "out" / "speakers.csv", infer_schema=False)
    assert speakers.row(0, named=True)["gender"] == "unknown"
    assert speakers["country_region"].to_list() == ["unknown", "UK", "unknown", "US"]


@pytest.mark.parametrize("broken", ["nothing", "no metadata", "twice", "inside", "no folder", "all rejected"])
def test_what_cannot_be_prepared_ends_with_one_line(broken: str, voxceleb1: Path, tmp_path: Path) -> None:
    out, source = tmp_path / "out", voxceleb1
    metadata = voxceleb1 / "vox1_meta.csv"
    if broken == "nothing":
        shutil.rmtree(voxceleb1 / "dev")
        message = "voxceleb1: nothing in it is laid out as voxceleb1 is: wav/id10001/VIDEO/00001.wav"
    elif broken == "no metadata":
        metadata.unlink()
        message = "holds no 'vox1_meta.csv'; put it there, or name it with --metadata"
    elif broken == "twice":
        metadata.write_text(metadata.read_text() + "id10001\tX\tf\tIndia\tdev\n")
        message = "speaker 'id10001' has two rows that differ"
    elif broken == "inside":
        out = voxceleb1 / "out"
        message = "name a folder outside of the corpus"
    elif broken == "no folder":
        source = tmp_path / "nothing"
        message = "no such folder"
    else:
        for file in voxceleb1.rglob("*.wav"):
            file.write_bytes(b"")
        message = "all files are rejected (24 empty), more than --max-rejected 0.2 allows"
    arguments = ["prepare", "voxceleb1", str(source), str(out), "--workers", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    error = [line for line in result.stderr.splitlines() if line.startswith("svfair:")]
    assert message in error[0]
    assert not (out / "manifest.parquet").exists()


def test_too_many_rejected_and_then_allowed(voxceleb1: Path, tmp_path: Path) -> None:
    for file in sorted(voxceleb1.rglob("*.wav"))[:6]:
        file.write_bytes(b"")
    message = r"rejected.csv: 6 of 24 files are rejected \(6 empty\), more than max_rejected 0.2 allows"
    with pytest.raises(InputError, match=message):
        prepared(voxceleb1, tmp_path / "out")
    assert len(reasons(tmp_path / "out")) == 6
    assert not (tmp_path / "out" / "manifest.parquet").exists()
    assert prepared(voxceleb1, tmp_path / "out", max_rejected=0.25).utterances == 18


@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_m4a_in_place_and_written_anew(store: str, voxceleb2: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(VoxCeleb2(), voxceleb2, out, Options(store=store, workers=1))  # type: ignore[arg-type]
    manifest = read_manifest(out)
    assert manifest.table["utterance_id"][0] == "id00010/video/00001.wav"
    assert manifest.table["gender"].to_list() == ["male"] * 2 + ["female"] * 2 + ["male"] * 2
    assert "country" not in manifest.table.columns
    for row in range(6):
        waveform = read_audio(manifest.recording(row))
        speaker, segment = divmod(row, 2)
        expected = read_audio(
            voxceleb2 / "dev" / "aac" / f"id0001{speaker}" / "video" / f"{segment + 1:05d}.m4a"
        )
        assert manifest.table["duration_s"][row] == pytest.approx(len(waveform) / 16000, abs=0.07)
        np.testing.assert_allclose(waveform, expected, atol=2 / 32768)
    if store == "packed":
        (shard,) = (out / "shards").iterdir()
        with tarfile.open(shard) as archive:
            assert archive.getnames()[:2] == ["id00010/video/00001.flac", "id00010/video/00002.flac"]


def test_a_folder_that_cannot_be_read_ends_the_run(voxceleb1: Path, tmp_path: Path) -> None:
    closed = voxceleb1 / "dev" / "wav" / "id10002"
    closed.chmod(0)
    if os.geteuid() == 0:  # root reads everything: another user has to try, and to get that far
        for folder in (voxceleb1.parent, *voxceleb1.parents):
            if folder.stat().st_mode & 0o005 != 0o005:
                folder.chmod(folder.stat().st_mode | 0o055)
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from svfair.corpora.preparation.listing import list_files\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "list_files(Path(sys.argv[1]), ('.wav',))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, voxceleb1], capture_output=True, text=True)
    closed.chmod(0o755)
    assert "id10002: cannot be read (Permission denied); make it readable" in done.stderr


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_half_written(voxceleb1: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # A limit on the size of files stands for the full disk: writing fails in the middle of a file.
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "from svfair.cli.main import app\n"
        "app(['prepare', 'voxceleb1', sys.argv[1], sys.argv[2], '--store', 'flac', '--workers', '1'])\n"
    )
    for limit in (100, 700, 3000, 12000):
        done = subprocess.run(
            [sys.executable, "-c", program, voxceleb1, out, str(limit)], capture_output=True, text=True
        )
        assert done.returncode == 2, done.stderr
        assert "cannot be written" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (out / "manifest.parquet").exists()
        assert not list(out.rglob("*.part"))
    prepared(voxceleb1, out, store="flac")
    prepared(voxceleb1, tmp_path / "at once", store="flac")
    assert contents(out) == contents(tmp_path / "at once")


@pytest.mark.slow
@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_killed_ten_times_and_resumed_makes_the_same_bytes(
    store: str, header_only: Callable[[int], Path], tmp_path: Path
) -> None:
    # A writing run decodes 8 s of audio a file; a reading one needs many files to be killed in the middle.
    source, out = header_only(30_000 if store == "source" else 2400), tmp_path / "out"
    command = [sys.executable, "-m", "svfair", "prepare", "voxceleb1", source, out, "--store", store]
    draw = random.Random(store)
    killed = 0
    for _ in range(10):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(draw.uniform(0.6, 2.0))
        killed += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
    assert killed >= 1  # a fast machine may be done before the tenth
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    shutil.move(out, tmp_path / "resumed")
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert contents(tmp_path / "resumed") == contents(out)
    assert read_manifest(out).table.height in (30_000, 2400)


@pytest.mark.slow
def test_two_hundred_thousand_files(header_only: Callable[[int], Path], tmp_path: Path) -> None:
    source = header_only(200_000)
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from svfair.corpora.preparation.prepare import prepare\n"
        "from svfair.corpora.voxceleb import VoxCeleb1\n"
        "made = prepare(VoxCeleb1(), Path(sys.argv[1]), Path(sys.argv[2]))\n"
        # Not ru_maxrss, which counts what the parent had in memory when it forked.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())\n"
        "print(made.utterances, made.speakers, int(peak[1]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, source, tmp_path / "out"], capture_output=True, text=True, check=True
    )
    utterances, speakers, mebibytes = map(int, done.stdout.split())
    assert (utterances, speakers) == (200_000, 1000)
    assert mebibytes < 600
