import hashlib
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.audio.reading import read_audio
from svfair.cli.synth import parse_countries, resolve_female_share
from svfair.corpora.synthetic.corpus import SyntheticCorpus, make_corpus
from svfair.errors import InputError
from svfair.manifests import Manifest, read_manifest

pytest.importorskip("espeakng_loader", reason="needs the extra `demo`")

SMALL = SyntheticCorpus(speakers=4, sessions=2, utterances=2, female_share=0.5)


def audio_of(manifest: Manifest) -> list[Path]:
    return [manifest.recording(row).path for row in range(manifest.table.height)]


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(SMALL, tmp_path_factory.mktemp("corpus") / "one", workers=2).parent


@pytest.mark.slow
def test_manifest_describes_what_is_there(corpus: Path) -> None:
    manifest = read_manifest(corpus)
    assert manifest.table.height == 16
    assert manifest.attributes == ["gender", "country", "accent", "country_region"]
    assert Counter(manifest.speakers()["gender"]) == {"female": 2, "male": 2}
    assert manifest.table["session_id"].n_unique() == 8
    assert manifest.table["duration_s"].min() > 1.5
    for path in audio_of(manifest):
        waveform = read_audio(path)
        level = np.sqrt(np.mean(waveform**2))
        assert 0.01 < level < 0.2
        assert np.mean(np.abs(waveform) > 0.99) < 1e-3


@pytest.mark.slow
def test_same_bytes_whatever_the_workers_and_after_an_interruption(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "other"
    make_corpus(SMALL, out, workers=1)
    assert digests(out) == digests(corpus)
    # As if it had been interrupted: a speaker half-written, another missing, no manifest.
    first, second = sorted((out / "audio").iterdir())[:2]
    (out / "manifest.csv").unlink()
    next(first.iterdir()).unlink()
    first.rename(first.with_name(first.name + ".part"))
    for file in second.iterdir():
        file.unlink()
    second.rmdir()
    make_corpus(SMALL, out, workers=2)
    assert digests(out) == digests(corpus)


def test_speakers_differ_and_women_speak_higher(corpus: Path) -> None:
    manifest = read_manifest(corpus)
    pitch = {"female": [], "male": []}
    for path, row in zip(audio_of(manifest), manifest.table.iter_rows(named=True), strict=True):
        pitch[row["gender"]].append(_pitch(read_audio(path)))
    assert np.median(pitch["female"]) > 1.3 * np.median(pitch["male"])


def _pitch(waveform: np.ndarray) -> float:
    """Median over frames of the lag with the highest autocorrelation, in Hz."""
    frames = waveform[: len(waveform) // 1024 * 1024].reshape(-1, 1024)
    loud = frames[np.argsort((frames**2).sum(1))[-20:]]
    spectra = np.abs(np.fft.rfft(loud, 2048)) ** 2
    correlation = np.fft.irfft(spectra)[:, 16000 // 350 : 16000 // 70]
    return float(np.median(16000 / (correlation.argmax(1) + 16000 // 350)))


def test_other_settings_in_the_same_folder_are_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds a corpus with other settings"):
        make_corpus(replace(SMALL, seed=1), corpus)
    (tmp_path / "x").touch()
    with pytest.raises(InputError, match="holds something else"):
        make_corpus(SMALL, tmp_path)
    with pytest.raises(InputError, match="cannot be made"):
        make_corpus(SMALL, tmp_path / "x" / "below-a-file")


def test_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(InputError, match=r"pip install 'svfair\[demo\]'"):
        make_corpus(SMALL, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.integers(0, 50))
def test_shares_are_met_to_the_nearest_speaker(speakers: int, share: float, seed: int) -> None:
    drawn = SyntheticCorpus(speakers=speakers, female_share=share, seed=seed).draw_speakers()
    assert len({speaker.speaker_id for speaker in drawn}) == speakers
    assert abs(sum(s.gender == "female" for s in drawn) - share * speakers) < 1
    for country, weight in {"USA": 0.7, "UK": 0.2, "Jamaica": 0.1}.items():
        assert abs(sum(s.country == country for s in drawn) - weight * speakers) < 1 + 1e-9


def test_balanced_cells_are_equal_and_seeds_share_no_speaker() -> None:
    drawn = SyntheticCorpus(speakers=24, balanced=True).draw_speakers()
    assert set(Counter((s.gender, s.country) for s in drawn).values()) == {4}
    other = SyntheticCorpus(speakers=24, balanced=True, seed=1).draw_speakers()
    assert not {s.speaker_id for s in drawn} & {s.speaker_id for s in other}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speakers": 0}, "speakers: must be at least 1"),
        ({"speakers": 10**30}, "more than 10,000,000 utterances"),
        ({"female_share": 1.5}, "female_share: must be between 0 and 1"),
        ({"countries": {"France": 1.0}}, "'France' is none of USA, UK, Jamaica"),
        ({"countries": {}}, "weights must be finite numbers of at least 0, and one above 0"),
        ({"countries": {"USA": 0.0}}, "weights must be finite"),
        ({"countries": {"USA": 1.0, "UK": -0.1}}, "weights must be finite"),
        ({"countries": {"USA": 1.0, "UK": float("nan")}}, "weights must be finite"),
        ({"countries": {"USA": 1.0, "UK": float("inf")}}, "weights must be finite"),
        ({"female_share": float("nan")}, "female_share: must be between 0 and 1"),
    ],
)
def test_bad_values_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SyntheticCorpus(**values)  # type: ignore[arg-type]


def test_options() -> None:
    assert parse_countries("USA=1, UK=2.5") == {"USA": 1.0, "UK": 2.5}
    with pytest.raises(InputError, match="'UK' is not written as NAME=WEIGHT"):
        parse_countries("USA=1,UK")
    with pytest.raises(InputError, match="'USA' is given twice"):
        parse_countries("USA=1, USA=2")
    assert resolve_female_share(None, "9:1", 0.28, balanced=False) == 0.9
    assert resolve_female_share(0.4, None, 0.28, balanced=False) == 0.4
    assert resolve_female_share(None, None, 0.28, balanced=True) == 0.28
    for ratio in ("9", "a:b", "0:0", "-1:2"):
        with pytest.raises(InputError, match="is not written as F:M"):
            resolve_female_share(None, ratio, 0.28, balanced=False)
    with pytest.raises(InputError, match="exclude each other"):
        resolve_female_share(0.3, "1:9", 0.28, balanced=False)
