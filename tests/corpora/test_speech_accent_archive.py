from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from svfair.audio.channels import apply_channel, draw_channel
from svfair.audio.codecs import CODECS, pass_codec
from svfair.audio.reading import read_audio
from svfair.corpora.preparation.listing import list_files
from svfair.corpora.speech_accent_archive import SpeechAccentArchive, find_cuts
from svfair.errors import InputError

HEADER = "age,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?\n"
ROWS = (
    '27,9,"virginia, south africa",a1,afrikaans,female,1,south africa,FALSE',
    "40,5,x,b1,english,male,2,usa,FALSE",
    "33,0,y,gone1,dutch,male,4,netherlands,TRUE",
)
FILES = pl.DataFrame({"path": ["recordings/a1.mp3", "recordings/b1.mp3", "recordings/stranger1.mp3"]})


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Bursts of noise of a second with pauses of a third of a second between them."""
    random = np.random.default_rng(seed)
    time = np.arange(round(16000 * seconds)) / 16000
    return np.where(time % 1.33 < 1.0, 0.1, 0.0005) * random.standard_normal(len(time))


def write_table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "speakers_all.csv").write_bytes(
        (header + "\n".join(rows) + "\n").replace("\n", "\r\n").encode()
    )
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


def test_speakers_as_published(tmp_path: Path) -> None:
    speakers = SpeechAccentArchive().speakers(write_table(tmp_path, *ROWS))
    columns = (
        "speaker_id",
        "gender",
        "country",
        "native_language",
        "age",
        "birthplace",
        "age_onset",
        "english",
    )
    assert speakers.columns == list(columns)
    assert speakers.rows() == [
        ("a1", "female", "south africa", "afrikaans", "27", "virginia, south africa", "9", "non-native"),
        ("b1", "male", "usa", "english", "40", "x", "5", "native"),
        ("gone1", "male", "netherlands", "dutch", "33", "y", "0", "non-native"),
    ]


def test_a_recording_is_an_utterance(tmp_path: Path) -> None:
    rows = SpeechAccentArchive().utterances(write_table(tmp_path, *ROWS), FILES)
    assert rows.select("path", "utterance_id", "speaker_id", "session_id").rows() == [
        ("recordings/a1.mp3", "a1", "a1", "a1"),
        ("recordings/b1.mp3", "b1", "b1", "b1"),
        ("recordings/gone1.mp3", "gone1", "gone1", "gone1"),
    ]
    assert rows.width == 4
    assert not SpeechAccentArchive().cuts
    waveform = babble(2).astype(np.float32)
    (piece,) = SpeechAccentArchive().cut(rows.row(0, named=True), waveform)
    assert (piece.name, piece.session) == ("", "")
    assert piece.waveform is waveform


@pytest.mark.parametrize("folder", ["recordings/recordings", "archive/recordings"])
def test_copies_in_other_folders_and_with_empty_columns(folder: str, tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",,,\n")
    write_table(tmp_path, *(f"{row},,," for row in (*ROWS, ROWS[1])), header=header)
    rows = SpeechAccentArchive().utterances(tmp_path, pl.DataFrame({"path": [f"{folder}/b1.ogg"]}))
    assert rows["path"].to_list() == ["recordings/a1.mp3", f"{folder}/b1.ogg", "recordings/gone1.mp3"]


def test_pieces_depend_on_the_seed_and_the_number_in_the_table(tmp_path: Path) -> None:
    write_table(tmp_path, *ROWS)
    corpus = SpeechAccentArchive(cut_utterances=True, seed=3)
    rows = corpus.utterances(tmp_path, FILES)
    assert corpus.cuts
    assert rows["recording_number"].to_list() == ["0", "1", "2"]
    waveform = babble(17).astype(np.float32)
    pieces = corpus.cut(rows.row(1, named=True), waveform)
    assert [piece.name for piece in pieces] == ["0-00", "0-01", "1-00", "1-01"]
    assert [piece.session for piece in pieces] == ["0", "0", "1", "1"]
    # Spelled out: prepared archives, and figures from them, hang on the order of the draws.
    random = np.random.default_rng([3, 1])
    for piece, (start, end) in zip(pieces, find_cuts(waveform, 0) + find_cuts(waveform, 1), strict=True):
        expected = apply_channel(waveform[start:end], draw_channel(random), random, 16000)
        expected = pass_codec(expected, str(random.choice(CODECS)), 16000)
        np.testing.assert_array_equal(piece.waveform, expected)
    other = corpus.cut(rows.row(0, named=True), waveform)[0].waveform
    assert other.shape != pieces[0].waveform.shape or not np.array_equal(other, pieces[0].waveform)


def test_too_short_a_recording_gives_no_piece(tmp_path: Path) -> None:
    corpus = SpeechAccentArchive(cut_utterances=True)
    assert corpus.cut({"recording_number": "0"}, babble(3).astype(np.float32)) == []


def test_bad_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'speakers_all.csv'"):
        SpeechAccentArchive().speakers(tmp_path)
    write_table(tmp_path, "a1,male", header="filename,sex\n")
    with pytest.raises(InputError, match=r"speakers_all.csv: no column 'country'; found filename, sex"):
        SpeechAccentArchive().utterances(tmp_path, FILES)


def test_the_real_archive(real_data: Path) -> None:
    source = real_data / "speech-accent-archive"
    corpus = SpeechAccentArchive()
    files = list_files(source, corpus.suffixes).files.select("path")
    rows = corpus.utterances(source, files)
    assert rows.height == 435
    assert set(rows["path"]) == set(files["path"])
    speakers = corpus.speakers(source)
    assert speakers.row(0, named=True) == {
        "speaker_id": "afrikaans1",
        "gender": "female",
        "country": "south africa",
        "native_language": "afrikaans",
        "age": "27",
        "birthplace": "virginia, south africa",
        "age_onset": "9",
        "english": "non-native",
    }
    assert set(speakers["gender"]) == {"female", "male"}


def test_real_recordings_are_cut_into_sentences(real_data: Path) -> None:
    files = sorted((real_data / "speech-accent-archive" / "recordings").glob("*.ogg"))[::40]
    for path in files:
        waveform = read_audio(path)
        halves = [find_cuts(waveform, half) for half in (0, 1)]
        assert min(len(half) for half in halves) >= 1
        loudness = np.sqrt(np.mean(waveform**2))
        for _, end in [*halves[0], *halves[1][:-1]]:
            assert np.sqrt(np.mean(waveform[end - 320 : end + 320] ** 2)) < loudness


@pytest.mark.fault("keys that stand twice")
def test_a_speaker_with_two_rows_that_differ_is_named(tmp_path: Path) -> None:
    rows = ["age,birthplace,filename,native_language,sex,country", "30,x,e1,english,male,usa"]
    (tmp_path / "speakers_all.csv").write_text("\n".join([*rows, "30,x,e1,english,female,usa", ""]))
    with pytest.raises(InputError, match=r"speakers_all.csv: speaker 'e1' has two rows that differ"):
        SpeechAccentArchive().speakers(tmp_path)
