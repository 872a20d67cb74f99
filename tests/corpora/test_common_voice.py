from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.common_voice import CommonVoice
from svfair.errors import InputError

HEADER = (
    "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes"
    "\tage\tgender\taccents\tvariant\tlocale\tsegment"
)
OLD_HEADER = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent\tlocale\tsegment"
FILES = pl.DataFrame(
    {"path": [f"clips/common_voice_en_{number}.mp3" for number in (1, 2, 3, 4, 5)] + ["clips/other.mp3"]}
)


def row(
    client: str,
    number: int,
    *,
    sentence: str = "He said so.",
    age: str = "",
    gender: str = "",
    accent: str = "",
) -> str:
    clip = f"common_voice_en_{number}.mp3"
    return "\t".join([client, clip, "ab12", sentence, "", "2", "0", age, gender, accent, "", "en", ""])


VALIDATED = (
    row("c1", 2, sentence='"Quoted and then some'),
    row(
        "c1",
        1,
        sentence='An inch is 1" long',
        age="twenties",
        gender="female_feminine",
        accent="Scottish, Fife",
    ),
    row("c2", 3, gender="male_masculine", age="thirties"),
    row("c2", 4, gender="male_masculine", age="fourties"),
    row("c3", 9, sentence="café, naïve"),
)


def write(folder: Path, name: str, *rows: str, header: str = HEADER, end: str = "\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.tsv").write_bytes("".join(line + end for line in (header, *rows)).encode())
    return folder


def test_the_table_says_whose_clips_are_which(tmp_path: Path) -> None:
    write(tmp_path, "validated", *VALIDATED)
    found = CommonVoice().utterances(tmp_path, FILES)
    assert found.select("path", "utterance_id", "speaker_id", "session_id", "split", "locale").rows() == [
        ("clips/common_voice_en_2.mp3", "common_voice_en_2", "c1", "c1", "validated", "en"),
        ("clips/common_voice_en_1.mp3", "common_voice_en_1", "c1", "c1", "validated", "en"),
        ("clips/common_voice_en_3.mp3", "common_voice_en_3", "c2", "c2", "validated", "en"),
        ("clips/common_voice_en_4.mp3", "common_voice_en_4", "c2", "c2", "validated", "en"),
        ("clips/common_voice_en_9.mp3", "common_voice_en_9", "c3", "c3", "validated", "en"),
    ]


def test_a_profile_counts_for_all_rows_and_contradictions_for_none(tmp_path: Path) -> None:
    write(tmp_path, "validated", *VALIDATED)
    speakers = CommonVoice().speakers(tmp_path)
    assert speakers.select("speaker_id", "age", "gender", "accent", "variant").rows() == [
        ("c1", "twenties", "female_feminine", "Scottish, Fife", ""),
        ("c2", "", "male_masculine", "", ""),
        ("c3", "", "", "", ""),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_older_releases(end: str, mark: str, tmp_path: Path) -> None:
    rows = (
        "c1\tcommon_voice_en_1\tHello\t2\t0\tteens\tmale\tscotland\ten\t",
        "c1\tcommon_voice_en_2\tHello\t2\t0\t\t\t\ten\t",
    )
    write(tmp_path, "validated", *rows, header=mark + OLD_HEADER, end=end)
    found = CommonVoice().utterances(tmp_path, FILES)
    assert found["path"].to_list() == ["clips/common_voice_en_1.mp3", "clips/common_voice_en_2.mp3"]
    assert found["locale"].to_list() == ["en", "en"]
    assert CommonVoice().speakers(tmp_path).to_dicts() == [
        {"speaker_id": "c1", "age": "teens", "gender": "male", "accent": "scotland"}
    ]


def test_a_clip_in_two_splits_belongs_to_the_first(tmp_path: Path) -> None:
    write(tmp_path, "validated", row("c1", 1), row("c2", 3))
    write(tmp_path, "train", row("c1", 1, gender="female_feminine"))
    write(tmp_path, "other", row("c4", 5))
    found = CommonVoice(("train", "validated", "other")).utterances(tmp_path, FILES)
    assert found.select("utterance_id", "split").rows() == [
        ("common_voice_en_1", "train"),
        ("common_voice_en_3", "validated"),
        ("common_voice_en_5", "other"),
    ]
    speakers = CommonVoice(("train", "validated", "other")).speakers(tmp_path)
    assert speakers.select("speaker_id", "gender").rows() == [
        ("c1", "female_feminine"),
        ("c2", ""),
        ("c4", ""),
    ]


@pytest.mark.parametrize("below", ["en", "cv-corpus-22.0-2025-06-20/en"])
def test_the_language_is_found_further_down(below: str, tmp_path: Path) -> None:
    write(tmp_path / below, "validated", *VALIDATED)
    files = pl.DataFrame({"path": [f"{below}/clips/common_voice_en_1.wav", f"{below}/clips/x/y.mp3"]})
    found = CommonVoice().utterances(tmp_path, files)
    assert found["path"].to_list()[:2] == [
        f"{below}/clips/common_voice_en_2.mp3",
        f"{below}/clips/common_voice_en_1.wav",
    ]
    write(tmp_path / below / ".." / "de", "validated", *VALIDATED)
    with pytest.raises(InputError, match=r"holds several languages \(.*de, .*en\); name the folder of one"):
        CommonVoice().speakers(tmp_path)


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (VALIDATED, HEADER.replace("client_id", "client"), r"no column 'client_id'; found client, path"),
        (VALIDATED, HEADER.replace("\t", ","), r"no column 'client_id'; found client_id,path.*with tabs"),
        ((row("", 1), row("c1", 2), row("", 3)), HEADER, r"2 bad lines: line 2: client_id is empty; line 4"),
        ((row("c1", 1).replace("common_voice_en_1.mp3", ""),), HEADER, r"1 bad line: line 2: path is empty"),
        ((row("c1", 1), "", row("c1", 2) + "\textra"), HEADER, r"1 bad line: line 4: has 14 fields instead"),
        ((row("c1", 1), "c1\ta.mp3\tab12"), HEADER, r"1 bad line: line 3: has 3 fields instead of 13"),
    ],
)
def test_bad_tables_are_named(rows: tuple[str, ...], header: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, "validated", *rows, header=header)
    with pytest.raises(InputError, match=rf"validated.tsv: {message}"):
        CommonVoice().utterances(tmp_path, FILES)


def test_missing_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"not a language of Common Voice; it holds validated.tsv and a folder"
    ):
        CommonVoice().utterances(tmp_path, FILES)
    write(tmp_path, "validated", *VALIDATED)
    with pytest.raises(InputError, match=r"invalidated.tsv: no such file; name the splits that there are"):
        CommonVoice(("validated", "invalidated")).speakers(tmp_path)
    (tmp_path / "validated.tsv").write_bytes(b"")
    with pytest.raises(InputError, match=r"validated.tsv: is empty"):
        CommonVoice().speakers(tmp_path)
    (tmp_path / "validated.tsv").write_bytes(HEADER.encode() + b"\n\xff\xfe\n")
    with pytest.raises(InputError, match=r"validated.tsv: 1 bad line: line 2: is not UTF-8 text"):
        CommonVoice().speakers(tmp_path)
    with pytest.raises(InputError, match="name at least one table"):
        CommonVoice(())


@pytest.mark.fault("keys that stand twice")
def test_a_clip_of_two_speakers_is_named(tmp_path: Path) -> None:
    (tmp_path / "validated.tsv").write_text("client_id\tpath\na\tx.mp3\nb\tx.mp3\na\ty.mp3\na\ty.mp3\n")
    message = r"validated.tsv: clip 'x.mp3' is of two speakers, 'a' and 'b'; take the table as published$"
    with pytest.raises(InputError, match=message):
        CommonVoice().utterances(tmp_path, pl.DataFrame({"path": ["clips/x.mp3"]}))
