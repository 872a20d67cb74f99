from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.librispeech import LibriSpeech
from svfair.errors import InputError

SPEAKERS = """\
; Some pieces of information about the speakers.
; The meaning of the fields in left-to-right order is as follows:
;
; reader_id: the ID of the reader in the LibriVox's database
; gender: 'F' for female, 'M' for male
; subset: the corpus subset to which the reader's audio is assigned
;
;ID  |SEX| SUBSET           |MINUTES| NAME
14   | F | train-clean-360  | 25.03 | Kristin LeMoine
19   | F | train-clean-100  | 25.19 | Kara Shallenberg
60   | M | train-clean-100  | 20.18 | |CBW|Simon
1272 | M | dev-clean        | 8.05  | John Rose
1273 | M | dev-clean        | 8.05  | John Rose
"""


def test_files_and_folders(tmp_path: Path) -> None:
    files = pl.DataFrame(
        {
            "path": [
                "LibriSpeech/dev-other/116/288045/116-288045-0012.flac",
                "intro.flac",
                "train-clean-100/19/198/19-198-0000.flac",
            ]
        }
    )
    found = LibriSpeech().utterances(tmp_path, files)
    assert found.select("path", "utterance_id", "speaker_id", "session_id", "split").rows() == [
        (files["path"][0], "116-288045-0012", "116", "116-288045", "dev-other"),
        (files["path"][2], "19-198-0000", "19", "19-198", "train-clean-100"),
    ]


@pytest.mark.parametrize("folder", [".", "LibriSpeech"])
def test_speakers(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "SPEAKERS.TXT").write_bytes(SPEAKERS.replace("\n", "\r\n").encode())
    assert LibriSpeech().speakers(tmp_path).rows() == [
        ("14", "F", "Kristin LeMoine"),
        ("19", "F", "Kara Shallenberg"),
        ("60", "M", "|CBW|Simon"),
        ("1272", "M", "John Rose"),
        ("1273", "M", "John Rose"),
    ]


def test_bad_metadata_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'SPEAKERS.TXT'"):
        LibriSpeech().speakers(tmp_path)
    file = tmp_path / "SPEAKERS.TXT"
    file.write_text(SPEAKERS + "2000 | M | dev-clean\n")
    with pytest.raises(InputError, match=r"SPEAKERS.TXT: 1 bad line: line 14: is not ID \| SEX"):
        LibriSpeech().speakers(tmp_path)
    file.write_text(SPEAKERS + "14   | M | train-clean-360  | 25.03 | Kristin LeMoine\n")
    with pytest.raises(InputError, match=r"speaker '14' has two rows that differ"):
        LibriSpeech().speakers(tmp_path)
    file.write_text("; nothing but comments\n")
    with pytest.raises(InputError, match="holds no speakers"):
        LibriSpeech().speakers(tmp_path)
