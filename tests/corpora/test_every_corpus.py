"""Each command on a small tree with audio, in its publisher's layout; the classes' own tests look closer."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from svfair.audio.reading import read_audio
from svfair.cli.main import app
from svfair.manifests.manifest import read_manifest

COMMON_VOICE = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment\n"
ACCENTS = "age,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?\n"
DIGITS = {
    "01": {"accent": "german", "age": 30, "gender": "male", "origin": "Europe, Germany, Berlin"},
    "02": {"accent": "Spanish", "age": 1234, "gender": "female", "origin": "Europe, Spanien, Mallorca"},
}

#: Corpus: audio files, tables, and what the first speaker's row then says.
TREES: dict[str, tuple[list[str], dict[str, str], dict[str, str]]] = {
    "common-voice": (
        ["clips/common_voice_en_1.mp3", "clips/common_voice_en_2.mp3"],
        {
            "validated.tsv": COMMON_VOICE
            + 'abc\tcommon_voice_en_1.mp3\tShe said "hi\t2\t0\ttwenties\tfemale_feminine\tIndia\ten\t\n'
            + "def\tcommon_voice_en_2.mp3\tNo.\t2\t0\t\t\t\ten\t\n"
        },
        {"speaker_id": "abc", "gender": "female", "age": "twenties"},
    ),
    "vctk": (
        [
            f"wav48_silence_trimmed/{speaker}/{speaker}_001_mic{m}.flac"
            for speaker in ("p225", "p226")
            for m in (1, 2)
        ],
        {
            "speaker-info.txt": "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\n"
            "p225  23  F    English    Southern  England\np226  22  M    English    Surrey\n"
        },
        {"speaker_id": "p225", "gender": "female", "age": "23", "accent": "English"},
    ),
    "librispeech": (
        [
            "LibriSpeech/dev-clean/84/121123/84-121123-0000.flac",
            "LibriSpeech/dev-clean/174/5/174-5-0000.flac",
        ],
        {
            "LibriSpeech/SPEAKERS.TXT": "; some lines\n;ID  |SEX| SUBSET           |MINUTES| NAME\n"
            "84   | F | dev-clean        | 8.02  | Christie Nowak\n174  | M | dev-clean | 8.04  | Somebody\n"
        },
        {"speaker_id": "174", "gender": "male"},
    ),
    "audiomnist": (
        ["data/01/0_01_0.wav", "data/02/0_02_0.wav"],
        {"data/audioMNIST_meta.txt": json.dumps(DIGITS)},
        {"speaker_id": "01", "gender": "male", "age": "30", "country": "DEU"},
    ),
    "cn-celeb": (
        ["data/id00000/singing-01-001.flac", "data/id00001/interview-02-003.flac"],
        {},
        {"speaker_id": "id00000"},
    ),
    "speech-accent-archive": (
        ["recordings/arabic1.mp3", "recordings/dutch1.mp3"],
        {
            "speakers_all.csv": ACCENTS
            + '27,9,"cairo, egypt",arabic1,arabic,female,1,egypt,FALSE\n'
            + "40,5,x,dutch1,dutch,male,2,netherlands,FALSE\n"
        },
        {"speaker_id": "arabic1", "gender": "female", "country": "EGY", "english": "non-native"},
    ),
    "table": (
        ["a/1.wav", "b/1.wav"],
        {"list.csv": "path,speaker_id,gender\na/1.wav,a,w\nb/1.wav,b,\n"},
        {"speaker_id": "a", "gender": "female"},
    ),
}


@pytest.mark.parametrize("corpus", TREES)
def test_from_the_publishers_layout_to_a_manifest(corpus: str, tmp_path: Path) -> None:
    audio, tables, first = TREES[corpus]
    source, out = tmp_path / "source", tmp_path / "out"
    for number, name in enumerate(audio):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        noise = 0.1 * np.random.default_rng(number).standard_normal(22050)
        soundfile.write(source / name, noise, 22050)
    for name, content in tables.items():
        (source / name).write_text(content, encoding="utf-8")
    options = ["--table", str(source / "list.csv")] if corpus == "table" else []
    arguments = ["prepare", corpus, str(source), str(out), "--workers", "1", "--json", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert (made["speakers"], made["utterances"], made["rejected"]) == (2, 2, {})
    speaker = pl.read_csv(out / "speakers.csv", infer_schema=False).row(0, named=True)
    assert {name: speaker[name] for name in first} == first
    manifest = read_manifest(out)
    assert manifest.table["duration_s"].to_list() == pytest.approx([1.0, 1.0], abs=0.06)
    assert len(read_audio(manifest.recording(0))) == pytest.approx(16000, abs=1000)
    assert manifest.speakers().height == 2


@pytest.mark.parametrize("corpus", [*TREES, "voxceleb1", "voxceleb2"])
def test_a_wrong_folder_is_told_in_one_line(corpus: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    result = CliRunner().invoke(app, ["prepare", corpus, str(tmp_path / "source"), str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr.startswith("svfair: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
