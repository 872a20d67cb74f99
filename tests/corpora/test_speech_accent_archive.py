from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from svfair.corpora.speech_accent_archive import find_cuts, prepare
from svfair.data.audio import read_audio
from svfair.data.manifest import read_manifest
from svfair.errors import InputError

HEADER = "age,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?\n"


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Bursts of noise of a second with pauses of a third of a second between them."""
    random = np.random.default_rng(seed)
    time = np.arange(round(16000 * seconds)) / 16000
    return np.where(time % 1.33 < 1.0, 0.1, 0.0005) * random.standard_normal(len(time))


def make_source(folder: Path) -> Path:
    (folder / "recordings").mkdir(parents=True)
    rows = [
        '27,9,"virginia, south africa",a1,afrikaans,female,1,south africa,FALSE',
        "40,5,x,b1,english,male,2,usa,FALSE",
        "40,5,x,short1,english,male,3,usa,FALSE",
        "40,5,x,gone1,dutch,male,4,netherlands,TRUE",
        "40,5,x,bad1,dutch,male,5,netherlands,FALSE",
    ]
    (folder / "speakers_all.csv").write_text(HEADER + "\n".join(rows) + "\n")
    for name, seconds in (("a1", 20), ("b1", 17), ("short1", 3)):
        soundfile.write(folder / "recordings" / f"{name}.ogg", babble(seconds), 16000)
    (folder / "recordings" / "bad1.ogg").write_bytes(b"OggS nonsense")
    return folder


@pytest.mark.parametrize("seconds", [10, 16, 33])
def test_cuts_lie_in_pauses_and_do_not_overlap(seconds: float) -> None:
    waveform = babble(seconds).astype(np.float32)
    cuts = [find_cuts(waveform, half) for half in (0, 1)]
    flat = [cut for half in cuts for cut in half]
    assert all(a[1] <= b[0] for a, b in pairwise(flat))
    for start, end in flat:
        assert 2 * 16000 <= end - start <= 5 * 16000
    for _, end in flat[:-1]:
        assert np.abs(waveform[end - 80 : end + 80]).max() < 0.01
    assert cuts[0][-1][1] < seconds * 16000 * 0.7


def test_silence_and_short_recordings_have_no_cuts() -> None:
    assert find_cuts(np.zeros(16000 * 10, np.float32), 0) == []
    assert find_cuts(babble(1.5).astype(np.float32), 0) == []
    assert find_cuts(np.zeros(0, np.float32), 1) == []


def test_prepares_and_says_what_it_left_out(tmp_path: Path) -> None:
    source, out = make_source(tmp_path / "source"), tmp_path / "out"
    prepared = prepare(source, out, workers=2)
    assert prepared.speakers == 2
    assert set(prepared.rejected) == {"bad1", "gone1", "short1"}
    assert prepared.rejected["gone1"] == "no recording"
    assert prepared.rejected["short1"] == "too short: 3.0 s"
    assert pl.read_csv(out / "rejected.csv").height == 3
    manifest = read_manifest(out)
    assert manifest.table["session_id"].unique().sort().to_list() == ["a1-0", "a1-1", "b1-0", "b1-1"]
    speakers = manifest.speakers()
    assert speakers["gender"].to_list() == ["female", "male"]
    assert speakers["english"].to_list() == ["non-native", "native"]
    assert speakers["birthplace"][0] == "virginia, south africa"
    before = {path: path.read_bytes() for path in sorted(out.rglob("*.flac"))}
    for path in list(before)[:5]:
        if path.parent.is_dir():
            for file in path.parent.iterdir():
                file.unlink()
            path.parent.rmdir()
    prepare(source, out, workers=1)
    assert {path: path.read_bytes() for path in sorted(out.rglob("*.flac"))} == before
    with pytest.raises(InputError, match="other parameters"):
        prepare(source, out, seed=1)


def test_nothing_usable_is_said(tmp_path: Path) -> None:
    source, out = make_source(tmp_path / "source"), tmp_path / "out"
    for name in ("a1", "b1"):
        (source / "recordings" / f"{name}.ogg").unlink()
    with pytest.raises(InputError, match=r"source: no recording can be used; .*rejected.csv says why"):
        prepare(source, out, workers=1)
    assert pl.read_csv(out / "rejected.csv").height == 5
    assert not (out / "manifest.csv").exists()


def test_bad_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the Speech Accent Archive"):
        prepare(tmp_path, tmp_path / "out")
    source = make_source(tmp_path / "source")
    for file in (source / "recordings").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="holds no recording of a speaker"):
        prepare(source, tmp_path / "out")
    (source / "speakers_all.csv").write_text("filename,sex\na1,male\n")
    with pytest.raises(InputError, match=r"no column 'country'; found filename, sex"):
        prepare(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_real_recordings_are_cut_into_sentences(real_data: Path) -> None:
    files = sorted((real_data / "speech-accent-archive" / "recordings").glob("*.ogg"))[::40]
    for path in files:
        waveform = read_audio(path)
        halves = [find_cuts(waveform, half) for half in (0, 1)]
        assert min(len(half) for half in halves) >= 1
        loudness = np.sqrt(np.mean(waveform**2))
        for _, end in [*halves[0], *halves[1][:-1]]:
            assert np.sqrt(np.mean(waveform[end - 320 : end + 320] ** 2)) < loudness
