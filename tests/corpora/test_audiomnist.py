from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.audiomnist import AudioMnist
from svfair.errors import InputError

# Blanks at line ends and an age that is a number, as published.
META = """{
    "01": {
        "accent": "german", 
        "age": 30, 
        "gender": "male", 
        "native speaker": "no", 
        "origin": "Europe, Germany, Wuerzburg", 
        "recordingdate": "17-06-22-11-04-28", 
        "recordingroom": "Kino"
    }, 
    "12": {
        "accent": "German", 
        "age": "26", 
        "gender": "female", 
        "native speaker": "no", 
        "origin": "Europe, Germany, Berlin", 
        "recordingdate": "17-07-19-17-05-31", 
        "recordingroom": "Kino"
    },
    "41": {
        "accent": "South African", 
        "age": "30", 
        "gender": "male", 
        "native speaker": "yes", 
        "origin": "Africa, South Africa, Vryburg", 
        "recordingdate": "17-09-01-14-56-32", 
        "recordingroom": "vr-room"
    },
    "61": {
        "gender": "male", 
        "origin": "Atlantis"
    }
}
"""  # noqa: W291


def write(folder: Path, text: str) -> Path:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "audioMNIST_meta.txt").write_text(text)
    return folder


@pytest.mark.parametrize("below", ["data/", "", "AudioMNIST/data/"])
def test_files(below: str, tmp_path: Path) -> None:
    files = pl.DataFrame({"path": [f"{below}01/0_01_0.wav", f"{below}60/9_60_49.wav", "x/1.wav"]})
    assert AudioMnist().utterances(tmp_path, files).rows() == [
        (f"{below}01/0_01_0.wav", "0_01_0", "01", "0", "01"),
        (f"{below}60/9_60_49.wav", "9_60_49", "60", "9", "60"),
    ]


def test_speakers(tmp_path: Path) -> None:
    speakers = AudioMnist().speakers(write(tmp_path, META))
    assert speakers.select("speaker_id", "gender", "age", "country", "accent", "native_speaker").rows() == [
        ("01", "male", "30", "Germany", "german", "no"),
        ("12", "female", "26", "Germany", "German", "no"),
        ("41", "male", "30", "South Africa", "South African", "yes"),
        ("61", "male", "", "", "", ""),
    ]
    assert speakers.row(0, named=True)["origin"] == "Europe, Germany, Wuerzburg"
    assert speakers["recording_room"].to_list() == ["Kino", "Kino", "vr-room", ""]
    assert speakers["recording_date"][0] == "17-06-22-11-04-28"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (META[:-5], r"audioMNIST_meta.txt: is not JSON \(Expecting ',' delimiter: line 32"),
        ("[]", "is not an object with one entry a speaker"),
        ("{}", "is not an object with one entry a speaker"),
        ('{"01": "male"}', "speaker '01' is not an object with gender and origin"),
        ("", "is empty"),
    ],
)
def test_bad_metadata_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        AudioMnist().speakers(write(tmp_path, text))


def test_missing_metadata_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'audioMNIST_meta.txt'"):
        AudioMnist().speakers(tmp_path)


@pytest.mark.fault("keys that stand twice")
def test_a_speaker_with_two_entries_is_named(tmp_path: Path) -> None:
    (tmp_path / "audioMNIST_meta.txt").write_text('{"01": {"gender": "male"}, "01": {"gender": "female"}}')
    with pytest.raises(InputError, match=r"audioMNIST_meta.txt: has two entries '01'; keep the right one$"):
        AudioMnist().speakers(tmp_path)
