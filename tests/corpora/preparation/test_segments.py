"""Several utterances of one file, by start and stop or by channel, from the table to the samples."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from svfair.audio import check_audio, read_audio
from svfair.cli.main import app
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.table import Table
from svfair.errors import InputError
from svfair.manifests import read_manifest

SPEECHBRAIN = Table(table="all.csv", path_column="wav", speaker_column="spk_id", utterance_column="ID")


def write(
    path: Path, seconds: float = 9.0, seed: int = 0, rate: int = 16000, channels: int = 1
) -> np.ndarray:
    shape = (round(seconds * rate), channels) if channels > 1 else round(seconds * rate)
    samples = (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)
    return samples


def make(source: Path, rows: list[str], header: str = "ID,duration,wav,start,stop,spk_id") -> None:
    source.mkdir(exist_ok=True)
    (source / "all.csv").write_text("\n".join([header, *rows]) + "\n")


def run(source: Path, out: Path, corpus: Table = SPEECHBRAIN, **options: object) -> Prepared:
    return prepare(corpus, source, out, Options(workers=1, **options))  # type: ignore[arg-type]


def rejected(out: Path) -> list[tuple[str, ...]]:
    return pl.read_csv(out / "rejected.csv", infer_schema=False).rows()


@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_rows_of_one_file_as_speechbrain_writes_them(store: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    whole = {name: write(source / f"{name}.wav", seed=seed) for seed, name in enumerate("AB")}
    make(
        source,
        [f"{s}{j},3.0,{s}.wav,{48000 * j},{48000 * (j + 1)},{s}" for s in "AB" for j in range(3)],
    )
    made = run(source, out, store=store)
    assert (made.utterances, made.rejected, made.hours) == (6, {}, 0.005)
    manifest = read_manifest(out)
    check_audio(manifest)
    assert manifest.table["duration_s"].to_list() == [3.0] * 6
    for row, name in enumerate(manifest.table["utterance_id"]):
        expected = whole[name[0]][48000 * int(name[1]) :][:48000]
        np.testing.assert_allclose(read_audio(manifest.recording(row)), expected, atol=2 / 32768)
    assert ("start_s" in manifest.table.columns) == (store == "source")
    again = run(source, out, store=store)
    assert again.unchanged


def test_samples_at_an_odd_rate_and_seconds_with_empty_ends(tmp_path: Path) -> None:
    source = tmp_path / "source"
    whole = write(source / "a.wav", 2.0, rate=44100)
    make(source, ["a.wav,s,,12345", "a.wav,s,12345,50001", "a.wav,s,50001,"], "path,speaker_id,start,end")
    run(source, tmp_path / "out", Table(table="all.csv"))
    manifest = read_manifest(tmp_path / "out")
    assert manifest.table["utterance_id"].to_list() == ["a-12345", "a-12345-50001", "a-50001"]
    for row, (first, last) in enumerate([(0, 12345), (12345, 50001), (50001, 88200)]):
        part = read_audio(manifest.recording(row), sample_rate=44100)
        np.testing.assert_allclose(part, whole[first:last], atol=2 / 32768)
    make(source, ["a.wav,s,0.25,1", "a.wav,s,1,2", "a.wav,t,,"], "path,speaker_id,from,to")
    corpus = Table(table="all.csv", start_column="from", stop_column="to")
    made = run(source, tmp_path / "seconds", corpus, max_rejected=0.7)
    assert made.rejected == {"overlapping": 2}  # the whole file has both parts
    make(source, ["a.wav,s,0.25,1", "a.wav,s,1,2"], "path,speaker_id,from,to")
    run(source, tmp_path / "parts", corpus)
    table = read_manifest(tmp_path / "parts").table
    assert table.select("start_s", "duration_s").rows() == [(0.25, 0.75), (1.0, 1.0)]


def test_whole_numbers_are_seconds_where_it_is_said(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source / "a.wav", 4.0)
    rows = ["a.wav,s,0,1", "a.wav,s,2,4"]
    make(source, rows, "path,speaker_id,start,stop")
    run(source, tmp_path / "said", Table(table="all.csv", segment_unit="seconds"))
    make(source, rows, "path,speaker_id,start_s,end_s")
    run(source, tmp_path / "named", Table(table="all.csv"))
    for out in ("said", "named"):
        assert read_manifest(tmp_path / out).table["start_s"].to_list() == [0.0, 2.0]


def test_milliseconds_by_name_and_a_note_where_samples_are_assumed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source / "a.wav", 4.0)
    rows = ["a.wav,s,0,1000", "a.wav,s,2000,4000"]
    make(source, rows, "path,speaker_id,from_ms,to_ms")
    corpus = Table(table="all.csv", start_column="from_ms", stop_column="to_ms")
    assert run(source, tmp_path / "named", corpus).notes == ()
    assert read_manifest(tmp_path / "named").table["start_s"].to_list() == [0.0, 2.0]
    make(source, rows, "path,speaker_id,start,end")
    corpus = Table(table="all.csv")
    made = run(source, tmp_path / "assumed", corpus, shortest_s=0.1, max_rejected=0.5)
    note = "start and stop are taken for samples, and half of the utterances last 0.09 s or more"
    assert made.notes == (note,)
    assert rejected(tmp_path / "assumed") == [
        ("a.wav", "too short", "too short: 0.062 s (start and stop are taken for samples)")
    ]


def test_a_manifest_is_a_table_too_and_subset_keeps_the_places(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write(source / "a.wav")
    make(source, [f"u{j},1,a.wav,{j}.5,{j + 1}.5,s{j}" for j in range(4)])
    run(source, out, manifest_format="csv")
    run(source, tmp_path / "again", Table(table=str(out / "manifest.csv")))
    places = pl.col("utterance_id", "path", "start_s", "duration_s")
    table = read_manifest(out).table.select(places)
    assert read_manifest(tmp_path / "again").table.select(places).equals(table)
    arguments = [
        "subset",
        str(out),
        str(tmp_path / "part"),
        "--where",
        "speaker_id=s1",
        "--where",
        "speaker_id=s3",
    ]
    result = CliRunner().invoke(app, [*arguments, "--format", "csv"])
    assert result.exit_code == 0, result.output
    part = read_manifest(tmp_path / "part")
    assert part.table.select(places).equals(table[[1, 3]])
    check_audio(part)
    assert len(read_audio(part.recording(1))) == 16000


@pytest.mark.fault("segments that are not in their file")
def test_segments_that_do_not_fit_are_rejected_each_with_its_reason(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write(source / "a.wav", 4.0)
    rows = ["good,0.0,1.0", "reversed,2.0,1.5", "empty,2.0,2.0", "over,0.5,1.5", "after,1.0,2.0"]
    rows += ["outside,3.5,4.6", "behind,4.0,5.0", "short,2.5,2.55", "late,3.0,4.4", "again,0.0,1.0"]
    make(source, [f"{row.replace(',', ',1,a.wav,', 1)},s" for row in rows])
    made = run(source, out, max_rejected=0.9)
    assert read_manifest(out).table.sort("start_s").select(
        "utterance_id", "start_s", "duration_s"
    ).rows() == [
        ("again", 0.0, 1.0),
        ("after", 1.0, 1.0),
        ("late", 3.0, 1.0),
    ]
    assert made.rejected == {"bad segment": 4, "duplicate": 1, "overlapping": 1, "too short": 1}
    assert {(kind, reason) for _, kind, reason in rejected(out)} == {
        ("bad segment", "the part from 2.0 to 1.5 s ('reversed') ends before it begins"),
        ("bad segment", "the part from 2.0 to 2.0 s ('empty') ends before it begins"),
        ("bad segment", "the part from 3.5 to 4.6 s ('outside') is not in the file, which lasts 4.0 s"),
        ("bad segment", "the part from 4.0 to 5.0 s ('behind') is not in the file, which lasts 4.0 s"),
        ("too short", "too short: 0.05 s"),
        ("duplicate", "another utterance has this file, 'again'; 'good' is left out"),
        (
            "overlapping",
            "'over' (0.500 to 1.500 s) has audio in common with 'again' (0.000 to 1.000 s)",
        ),
    }


@pytest.mark.fault("segments that are not in their file")
@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ("u,1,a.wav,0.0,1:30,s", {}, "line 2: stop '1:30' is no number of at least 0"),
        ("u,1,a.wav,-1,3,s", {}, "line 2: start '-1' is no number of at least 0"),
        (
            "u,1,a.wav,0.5,3,s",
            {"segment_unit": "samples"},
            "line 2: start '0.5' is no whole number of samples",
        ),
        ("u,1,a.wav,nan,3,s", {}, "line 2: start 'nan' is no number of at least 0"),
        ("u,x,a.wav,0,3,s", {"channel_column": "duration"}, "duration 'x' is no number of at least 0"),
        ("u,0,a.wav,0,3,s", {"channel_column": "duration"}, "duration '0' is no number of a channel"),
        ("u,1,a.wav,0,3,s", {"start_column": "begin"}, "no column 'begin'; found ID, duration"),
    ],
)
def test_bad_places_in_a_table_are_named(
    row: str, options: dict[str, object], message: str, tmp_path: Path
) -> None:
    make(tmp_path, [row])
    names = {"path_column": "wav", "speaker_column": "spk_id", "utterance_column": "ID"}
    corpus = Table(table="all.csv", **names, **options)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        corpus.utterances(tmp_path, pl.DataFrame({"path": ["a.wav"]}))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(
        InputError, match="segment_unit: must be auto, seconds, milliseconds or samples, not 'ms'"
    ):
        Table(table="all.csv", segment_unit="ms")  # type: ignore[arg-type]
    make(tmp_path, ["a.wav,s,1.5"], "path,speaker_id,stop_s")
    with pytest.raises(
        InputError, match="column 'stop_s' tells where in a file an utterance is, but not alone"
    ):
        Table(table="all.csv").utterances(tmp_path, pl.DataFrame({"path": ["a.wav"]}))


@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_one_file_with_a_speaker_on_each_channel(store: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    whole = write(source / "call.wav", 2.0, channels=2)
    write(source / "mono.wav", 2.0, seed=1)
    rows = ["call.wav,anna,1", "call.wav,bob,2", "mono.wav,anna,"]
    make(source, rows, "path,speaker_id,side")
    made = run(source, out, Table(table="all.csv", channel_column="side"), store=store)
    assert (made.utterances, made.notes) == (3, ())
    manifest = read_manifest(out)
    check_audio(manifest)
    names = ["call-1", "mono", "call-2"]
    assert manifest.table["utterance_id"].to_list() == names
    for name, samples in (("call-1", whole[:, 0]), ("call-2", whole[:, 1])):
        audio = read_audio(manifest.recording(names.index(name)))
        np.testing.assert_allclose(audio, samples, atol=2 / 32768)
    assert ("audio_channel" in manifest.table.columns) == (store == "source")


@pytest.mark.fault("channels")
def test_channels_that_disagree_are_counted_and_a_channel_can_be_chosen(tmp_path: Path) -> None:
    source = tmp_path / "source"
    voice = write(source / "a" / "mono.wav", 3.0)
    other = write(source / "b" / "mono.wav", 3.0, seed=1)
    stereo = {
        "a/upside-down": (voice, -voice),
        "a/two-voices": (voice, other),
        "b/agreeing": (other, 0.5 * other),
        "b/one-is-silent": (0 * other, voice + other),
    }
    for name, channels in stereo.items():
        soundfile.write(source / f"{name}.wav", np.stack(channels, 1), 16000, subtype="FLOAT")
    corpus = Table(pattern="^(?<speaker_id>.)/")
    made = run(source, tmp_path / "mean", corpus)
    assert made.utterances == 6
    assert made.notes == (
        "2 files have channels that disagree, such as a/two-voices.wav, a/upside-down.wav: their mean, which "
        "is read, keeps less than 60% of their power, as with a voice on each or one upside down. Choose a "
        "channel for all files, or let a table name one for each (audio_channel)",
    )
    for number in (1, 2):
        out = tmp_path / str(number)
        made = run(source, out, corpus, channel=str(number), max_rejected=0.5)
        assert made.notes == ()
        manifest = read_manifest(out)
        names = manifest.table["utterance_id"].to_list()
        for name, channels in stereo.items():
            audio = read_audio(manifest.recording(names.index(name)))
            np.testing.assert_allclose(audio, channels[number - 1], atol=1e-6)
        if number == 1:
            assert manifest.table["audio_channel"][names.index("a/mono")] is None
        else:
            assert rejected(out) == [
                (f"{speaker}/mono.wav", "no channel", "has no channel 2; it has 1") for speaker in "ab"
            ]


@pytest.mark.fault("channels")
@pytest.mark.parametrize("channel", ["0", "left", "-1", "1.5", ""])
def test_a_channel_that_is_none_is_one_line(channel: str, tmp_path: Path) -> None:
    write(tmp_path / "source" / "a" / "1.wav", 1.0)
    arguments = ["prepare", "table", str(tmp_path / "source"), str(tmp_path / "out"), "--channel", channel]
    result = CliRunner().invoke(app, [*arguments, "--pattern", "^(?<speaker_id>.)/"])
    assert result.exit_code == 2
    assert result.stderr == f"svfair: --channel: must be mean or a number from 1, not '{channel}'\n"


def test_a_folder_from_before_there_were_segments_is_still_known(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write(source / "a" / "1.wav", 1.0)
    run(source, out, Table(pattern="^(?<speaker_id>.)/"))
    settings = json.loads((out / "corpus.json").read_text())
    assert list(settings) == [
        *("corpus", "source", "table", "pattern", "speakers_file", "path_column", "speaker_column"),
        *("session_column", "utterance_column", "store", "shortest_s"),
    ]
