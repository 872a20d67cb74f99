from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.vctk import Vctk
from svfair.errors import InputError

INFO_092 = """\
ID  AGE  GENDER  ACCENTS  REGION COMMENTS 
p225  23  F    English    Southern  England
p226  22  M    English    Surrey
p248  23  F    Indian  
p280  25  F    Unknown    France (mic2 files unavailable)
p294  33  F    American  San  Francisco
p315  18  M    American   New  England (Text and mic2 files unavailable)
p326  26  M    Australian English    Sydney
p335  25  F    NewZealand  English
p362  29  F    American 
s5    24  M    British 
"""  # noqa: W291

INFO_080 = (
    "ID  AGE  GENDER  ACCENTS  REGION \r\n225  23  F    English    Southern  England\r\n"
    "\r\n376  22  M    Indian\r\n"
)


def frame(*paths: str) -> pl.DataFrame:
    return pl.DataFrame({"path": sorted(paths)})


NEW = frame(
    "wav48_silence_trimmed/p225/p225_001_mic1.flac",
    "wav48_silence_trimmed/p225/p225_001_mic2.flac",
    "wav48_silence_trimmed/s5/s5_400_mic1.flac",
    "wav48_silence_trimmed/log.flac",
)


def test_one_microphone_of_the_newer_release(tmp_path: Path) -> None:
    first = Vctk().utterances(tmp_path, NEW)
    assert first.rows() == [
        ("wav48_silence_trimmed/p225/p225_001_mic1.flac", "p225_001_mic1", "p225", "p225", "1"),
        ("wav48_silence_trimmed/s5/s5_400_mic1.flac", "s5_400_mic1", "s5", "s5", "1"),
    ]
    assert first.columns == ["path", "utterance_id", "speaker_id", "session_id", "microphone"]
    second = Vctk(microphone=2).utterances(tmp_path, NEW)
    assert second.select("utterance_id", "microphone").rows() == [("p225_001_mic2", "2")]
    both = Vctk(microphone=None).utterances(tmp_path, NEW)
    assert both["utterance_id"].to_list() == ["p225_001_mic1", "p225_001_mic2", "s5_400_mic1"]


def test_the_older_release_has_the_first_microphone(tmp_path: Path) -> None:
    files = frame("VCTK-Corpus/wav48/p376/p376_295.wav", "VCTK-Corpus/wav48/p225/p225_001.wav")
    assert Vctk().utterances(tmp_path, files)["utterance_id"].to_list() == ["p225_001", "p376_295"]
    assert Vctk(microphone=2).utterances(tmp_path, files).is_empty()


def test_speakers_of_the_newer_release(tmp_path: Path) -> None:
    (tmp_path / "speaker-info.txt").write_text(INFO_092)
    assert Vctk().speakers(tmp_path).select("speaker_id", "age", "gender", "accent", "region").rows() == [
        ("p225", "23", "F", "English", "Southern England"),
        ("p226", "22", "M", "English", "Surrey"),
        ("p248", "23", "F", "Indian", ""),
        ("p280", "25", "F", "Unknown", "France"),
        ("p294", "33", "F", "American", "San Francisco"),
        ("p315", "18", "M", "American", "New England"),
        ("p326", "26", "M", "Australian English", "Sydney"),
        ("p335", "25", "F", "NewZealand English", ""),
        ("p362", "29", "F", "American", ""),
        ("s5", "24", "M", "British", ""),
    ]


def test_speakers_of_the_older_release_get_their_letter(tmp_path: Path) -> None:
    (tmp_path / "VCTK-Corpus").mkdir()
    (tmp_path / "VCTK-Corpus" / "speaker-info.txt").write_bytes(INFO_080.encode())
    assert Vctk().speakers(tmp_path)["speaker_id"].to_list() == ["p225", "p376"]


def test_bad_metadata_and_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'speaker-info.txt'"):
        Vctk().speakers(tmp_path)
    info = tmp_path / "speaker-info.txt"
    info.write_text(INFO_092 + "p999\n")
    with pytest.raises(InputError, match=r"speaker-info.txt: 1 bad line: line 12: is not ID, AGE, GENDER"):
        Vctk().speakers(tmp_path)
    info.write_text(INFO_092 + "p225  23  M    English    Surrey\n")
    with pytest.raises(InputError, match=r"speaker-info.txt: speaker 'p225' has two rows that differ"):
        Vctk().speakers(tmp_path)
    info.write_text("ID  AGE  GENDER  ACCENTS  REGION COMMENTS\n")
    with pytest.raises(InputError, match="holds no speakers"):
        Vctk().speakers(tmp_path)
    with pytest.raises(InputError, match="microphone 3: there are microphones 1 and 2"):
        Vctk(microphone=3)
