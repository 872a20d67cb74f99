import os
from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.preparation.listing import list_files
from svfair.corpora.table import Table
from svfair.errors import InputError
from svfair.manifests import read_manifest

FILES = pl.DataFrame({"path": ["a/1.wav", "a/2.wav", "b/1.flac"]})


def test_a_table_with_the_usual_names(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "path,speaker_id,session_id,duration_s,codec\na/1.wav,anna,mon,1.0,opus\n./b/1.flac,bob,tue,2.0,\n"
    )
    found = Table(table="list.csv").utterances(tmp_path, FILES)
    assert found.to_dicts() == [
        {
            "path": "a/1.wav",
            "utterance_id": "a/1",
            "speaker_id": "anna",
            "session_id": "mon",
            "codec": "opus",
        },
        {"path": "b/1.flac", "utterance_id": "b/1", "speaker_id": "bob", "session_id": "tue", "codec": ""},
    ]


def test_a_table_with_names_of_its_own(tmp_path: Path) -> None:
    table = tmp_path / "elsewhere.parquet"
    pl.DataFrame(
        {
            "wav": ["a/1.wav", "a/2.wav"],
            "who": [7, 7],
            "day": ["d1", "d2"],
            "id": ["x", "y"],
            "age": [30, None],
        }
    ).write_parquet(table)
    corpus = Table(
        table=str(table),
        path_column="wav",
        speaker_column="who",
        session_column="day",
        utterance_column="id",
    )
    found = corpus.utterances(tmp_path / "source", FILES)
    assert found.columns == ["path", "utterance_id", "speaker_id", "session_id", "age"]
    assert found.rows() == [("a/1.wav", "x", "7", "d1", "30"), ("a/2.wav", "y", "7", "d2", "")]


def test_absolute_paths_below_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    source = tmp_path / "link"
    (source / "list.tsv").write_text(
        f"path\tspeaker_id\n{source}/a/1.wav\tanna\n{tmp_path}/real/a/2.wav\tanna\nb/1.flac\tbob\n"
    )
    corpus = Table(table="list.tsv")
    found = corpus.utterances(source, FILES)
    assert found["path"].to_list() == FILES["path"].to_list()
    assert found["session_id"].to_list() == ["anna", "anna", "bob"]
    monkeypatch.chdir(tmp_path)
    assert corpus.utterances(Path("link"), FILES).equals(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,speaker_id\na,b\n", r"no column 'path'; found file, speaker_id"),
        ("path,name\na,b\n", r"no column 'speaker_id'; found path, name"),
        ("path,speaker_id\na/1.wav,\n", r"1 bad line: line 2: speaker_id is empty"),
        ("path,speaker_id\na/1.wav,x\n,y\n", r"1 bad line: line 3: path is empty"),
        ("path,speaker_id,session_id\na/1.wav,x,\n", r"line 2: session_id is empty"),
        ("path,speaker_id\n\n/data/1.wav,x\n", r"line 3: path '/data/1.wav' is not below .*Name the folder"),
        ("path,speaker_id\na/../../1.wav,x\n", r"line 2: path 'a/../../1.wav' is not below"),
        ("path,speaker_id\na/1.wav\n", r"line 2: has 1 field instead of 2"),
        ("", "is empty"),
    ],
)
def test_bad_tables_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=rf"list.csv: {message}|list.csv: 1 bad line: {message}"):
        Table(table=str(tmp_path / "list.csv")).utterances(tmp_path, FILES)


def test_bad_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"name either table, .* or pattern"):
        Table()
    with pytest.raises(InputError, match=r"name either table, .* or pattern"):
        Table(table="a", pattern="(?<speaker_id>a)")
    with pytest.raises(InputError, match=r"table gone.csv: no such file, neither here nor in "):
        Table(table="gone.csv").utterances(tmp_path, FILES)
    with pytest.raises(InputError, match=r"speakers_file gone.csv: no such file"):
        Table(pattern="(?<speaker_id>a)", speakers_file="gone.csv").speakers(tmp_path)
    with pytest.raises(InputError, match=r"pattern \(\?<who>a\): has no group \(\?<speaker_id>...\)"):
        Table(pattern="(?<who>a)")
    with pytest.raises(InputError, match=r"pattern .*: a group cannot be called path"):
        Table(pattern="(?<path>(?<speaker_id>a))")
    with pytest.raises(InputError, match=r"pattern .*: is no regular expression"):
        Table(pattern="(?<speaker_id>a)(?=b)")


def test_a_pattern_with_groups_that_may_be_missing(tmp_path: Path) -> None:
    corpus = Table(pattern=r"^(?P<speaker_id>[a-z])/((?P<session_id>1)|2)\.(?P<kind>wav|flac)$")
    assert corpus.utterances(tmp_path, FILES).to_dicts() == [
        {"path": "a/1.wav", "utterance_id": "a/1", "speaker_id": "a", "session_id": "1", "kind": "wav"},
        {"path": "a/2.wav", "utterance_id": "a/2", "speaker_id": "a", "session_id": "a", "kind": "wav"},
        {"path": "b/1.flac", "utterance_id": "b/1", "speaker_id": "b", "session_id": "1", "kind": "flac"},
    ]
    assert Table(pattern="(?<speaker_id>z+)").utterances(tmp_path, FILES).is_empty()


def test_speakers_are_optional(tmp_path: Path) -> None:
    corpus = Table(pattern="^(?<speaker_id>[a-z])/")
    assert corpus.speakers(tmp_path).columns == ["speaker_id"]
    (tmp_path / "speakers.csv").write_text("speaker,sex,Nationality\na,F,India\n")
    assert corpus.speakers(tmp_path).to_dicts() == [{"speaker_id": "a", "gender": "F", "country": "India"}]
    (tmp_path / "people.tsv").write_text("id\tage\na\t30\n")
    named = Table(pattern="^(?<speaker_id>[a-z])/", speakers_file="people.tsv")
    assert named.speakers(tmp_path).to_dicts() == [{"speaker_id": "a", "age": "30"}]


def test_real_digits_by_their_names(real_data: Path) -> None:
    corpus = Table(pattern=r"(?<digit>\d)_(?<speaker_id>[a-z]+)_(?<take>\d+)\.wav$")
    source = real_data / "fsdd"
    found = corpus.utterances(source, list_files(source, corpus.suffixes).files.select("path"))
    assert found.height == 480
    assert found.row(0, named=True) == {
        "path": "recordings/0_george_0.wav",
        "utterance_id": "recordings/0_george_0",
        "speaker_id": "george",
        "session_id": "george",
        "digit": "0",
        "take": "0",
    }
    assert set(found["speaker_id"]) == set(corpus.speakers(source)["speaker_id"])


@pytest.mark.fault("paths that lead elsewhere")
def test_pipes_and_folders_in_place_of_tables_are_called_so(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for corpus, parameter in (
        (Table(table="folder.csv"), "table"),
        (Table(pattern="(?<speaker_id>a)", speakers_file="folder.csv"), "speakers_file"),
    ):
        with pytest.raises(InputError) as caught:
            corpus.utterances(tmp_path, FILES) if parameter == "table" else corpus.speakers(tmp_path)
        assert str(caught.value) == f"{parameter} folder.csv: is a folder; name the table in it"
    message = f"{tmp_path / 'pipe.csv'}: is a pipe or a device; write it to a file first"
    with pytest.raises(InputError) as caught:
        Table(table="pipe.csv").utterances(tmp_path, FILES)
    assert str(caught.value) == message
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "pipe.csv")
    assert str(caught.value) == message


@pytest.mark.fault("options that do not go together")
@pytest.mark.parametrize("name", ["start_column", "stop_column", "channel_column"])
def test_columns_without_a_table_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} goes with table$"):
        Table(pattern="(?<speaker_id>a)", **{name: "x"})  # type: ignore[arg-type]
