"""Files that tables name: written by Windows, in another form of Unicode, of another kind, or not there."""

import os
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.prepare import prepare
from svfair.corpora.table import Table
from svfair.errors import InputError, shown
from svfair.manifests import read_manifest

NFC = "Zo\u00e9"
NFD = unicodedata.normalize("NFD", NFC)


def write(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(8000), 16000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four recordings of two speakers."""
    for number in range(4):
        write(tmp_path / "source" / "AB"[number // 2] / f"{number}.wav", number)
    return tmp_path / "source"


def table(source: Path, *rows: str) -> Table:
    (source.parent / "list.csv").write_text("\n".join(["path,speaker_id", *rows, ""]), encoding="utf-8")
    return Table(table=str(source.parent / "list.csv"))


def run(corpus: Table, source: Path, most: float = 0.9) -> Prepared:
    return prepare(corpus, source, source.parent / "out", Options(workers=1, max_rejected=most))


def rejected(source: Path) -> list[tuple[str, str, str]]:
    return pl.read_csv(source.parent / "out" / "rejected.csv", infer_schema=False).rows()


@pytest.mark.fault("paths written by Windows")
def test_paths_with_backslashes_are_found(source: Path) -> None:
    made = run(table(source, r"A\0.wav,A", r".\A\1.wav,A", "B/2.wav,B", r"B\3.wav,B"), source)
    assert (made.utterances, made.rejected) == (4, {})
    read = read_manifest(source.parent / "out").table
    assert read["path"].to_list() == ["A/0.wav", "A/1.wav", "B/2.wav", "B/3.wav"]
    assert read["utterance_id"].to_list() == ["A/0", "A/1", "B/2", "B/3"]


@pytest.mark.fault("paths written by Windows")
@pytest.mark.parametrize("path", [r"C:\data\A\0.wav", r"..\A\0.wav", r"\\server\A\0.wav", "C:/data/0.wav"])
def test_windows_paths_that_leave_the_folder_are_refused(path: str, source: Path) -> None:
    with pytest.raises(InputError) as caught:
        run(table(source, f"{path},A"), source)
    assert f"list.csv: 1 bad line: line 2: path '{path}' is not below {source}" in str(caught.value)


@pytest.mark.fault("files that are not there")
@pytest.mark.parametrize("most", [0.2, 1.0])
def test_nothing_left_is_one_line_with_the_first_files(most: float, source: Path) -> None:
    corpus = table(source, r"A\9.wav,A", "A/8.wav,A", "B/7.wav,B", "B/6.wav,B")
    with pytest.raises(InputError) as caught:
        run(corpus, source, most)
    too_many = "" if most == 1 else ", more than max_rejected 0.2 allows"
    out = source.parent / "out"
    assert str(caught.value) == (
        f"{out / 'rejected.csv'}: all files are rejected (4 missing){too_many}; no manifest was written. "
        "Mend the source. First A/8.wav: no such file, A/9.wav: no such file, B/6.wav: no such file "
        "and 1 more"
    )
    assert not list(out.glob("manifest.*"))
    assert len(rejected(source)) == 4


@pytest.mark.fault("files that are not there")
@pytest.mark.parametrize(
    ("corpus", "files"),
    [
        (
            "common-voice",
            {"validated.tsv": "client_id\tpath\tsentence\tage\tgender\nc\tx.mp3\tHallo\t\t\n"},
        ),
        (
            "speech-accent-archive",
            {
                "speakers_all.csv": "age,birthplace,filename,native_language,sex,country\n"
                "30,here,english1,english,male,usa\n",
            },
        ),
    ],
)
@pytest.mark.parametrize("store", ["source", "flac", "packed"])
def test_a_corpus_without_its_audio_is_one_line(
    store: str, corpus: str, files: dict[str, str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / "source").mkdir(exist_ok=True)
        (tmp_path / "source" / name).write_text(text)
    arguments = ["prepare", corpus, str(tmp_path / "source"), str(tmp_path / "out"), "--store", store]
    result = CliRunner().invoke(app, [*arguments, "--max-rejected", "1"])
    assert result.exit_code == 2
    assert "all files are rejected (1 missing); no manifest was written" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.fault("files that are not there")
def test_everything_rejected_while_it_is_written_is_one_line(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    soundfile.write(source / "a.flac", 0.1 * np.random.default_rng(0).standard_normal(48000), 16000)
    content = (source / "a.flac").read_bytes()
    (source / "a.flac").write_bytes(content[:20000] + bytes(9000) + content[29000:])
    for store in ("flac", "packed"):
        options = Options(workers=1, max_rejected=1.0, store=store)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"all files are rejected \(1 (unreadable|cut off)\)"):
            prepare(Table(pattern="(?<speaker_id>a)"), source, tmp_path / store, options)


@pytest.mark.fault("audio of another kind than its name")
def test_a_table_may_name_a_file_of_any_ending_and_the_true_reason_is_told(source: Path) -> None:
    shutil.copy(source / "A" / "0.wav", source / "A" / "take.dat")
    (source / "A" / "0.wav").unlink()
    (source / "A" / "rec.webm").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(100))
    (source / "A" / "rec.aac").write_bytes(b"\xff\xf1\x60\x40" + bytes(100))
    (source / "A" / "empty.webm").touch()
    (source / "A" / "folder.webm").mkdir()
    os.mkfifo(source / "A" / "pipe.webm")
    names = ["take.dat", "rec.webm", "rec.aac", "empty.webm", "folder.webm", "pipe.webm", "none.webm"]
    corpus = table(source, "B/2.wav,B", *(f"A/{name},A" for name in names))
    made = run(corpus, source)
    assert made.utterances == 2
    no_file = ("unreadable", "is a folder, a pipe or a device, and no file")
    convert = "which cannot be read; convert it, such as with ffmpeg -i IN OUT.flac"
    assert rejected(source) == [
        ("A/empty.webm", "empty", "is empty (0 bytes)"),
        ("A/folder.webm", *no_file),
        ("A/none.webm", "missing", "no such file"),
        ("A/pipe.webm", *no_file),
        ("A/rec.aac", "unreadable", f"is AAC without a container (ADTS), {convert}"),
        ("A/rec.webm", "unreadable", f"is WebM or Matroska, {convert}"),
    ]
    assert run(corpus, source).unchanged
    # The listing does not hold it, and its change is noticed all the same.
    shutil.copy(source / "A" / "1.wav", source / "A" / "rec.webm")
    assert run(corpus, source).utterances == 3


@pytest.mark.fault("names composed here and decomposed there")
@pytest.mark.parametrize(("on_disk", "in_table"), [(NFC, NFD), (NFD, NFC)])
def test_names_match_in_either_form_and_the_path_is_that_of_the_disk(
    on_disk: str, in_table: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    write(source / on_disk / "0.wav")
    write(source / "B" / "1.wav", 1)
    corpus = table(source, f"{in_table}/0.wav,{in_table}", "B/1.wav,B")
    (tmp_path / "people.csv").write_text(f"speaker_id,gender\n{on_disk},f\nB,m\n", encoding="utf-8")
    corpus = Table(table=corpus.table, speakers_file=str(tmp_path / "people.csv"))
    made = run(corpus, source)
    assert (made.utterances, made.rejected, made.notes) == (2, {}, ())
    manifest = read_manifest(tmp_path / "out")
    row = manifest.table.filter(speaker_id=NFC).row(0, named=True)
    assert (row["utterance_id"], row["path"], row["gender"]) == (f"{NFC}/0", f"{on_disk}/0.wav", "female")
    found = CliRunner().invoke(
        app, ["subset", str(tmp_path / "out"), str(tmp_path / "part"), "--where", f"speaker_id={NFD}"]
    )
    assert found.exit_code == 0, found.stderr


@pytest.mark.fault("names composed here and decomposed there")
def test_two_names_that_become_one_are_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source / NFC / "0.wav")
    write(source / NFD / "1.wav", 1)
    with pytest.raises(InputError) as caught:
        run(Table(pattern="^(?<speaker_id>[^/]+)/"), source)
    assert str(caught.value) == (
        rf"{source}: speaker_id: 'Zoe\u0301' and 'Zo\xe9' are one name in two forms of Unicode; "
        "write it in one"
    )
    write(source / NFD / "0.wav", 2)
    with pytest.raises(InputError) as caught:
        run(table(source, f"{NFC}/0.wav,a", f"{NFD}/0.wav,b"), source)
    both = r"'Zo\xe9/0' and 'Zoe\u0301/0'"
    assert str(caught.value) == (
        f"{source}: utterance_id: {both} are one name in two forms of Unicode; write it in one"
    )


@pytest.mark.fault("paths that lead elsewhere")
def test_links_within_a_source_are_followed_and_paths_out_of_it_are_not(source: Path) -> None:
    write(source.parent / "elsewhere" / "x.wav", 9)
    (source / "C").symlink_to(source.parent / "elsewhere")
    made = run(table(source, "A/0.wav,A", "C/x.wav,C"), source)
    assert made.utterances == 2
    for path in ("../elsewhere/x.wav", str(source.parent / "elsewhere" / "x.wav"), "A/../../elsewhere/x.wav"):
        with pytest.raises(InputError) as caught:
            run(table(source, f"{path},A"), source)
        assert f"list.csv: 1 bad line: line 2: path '{shown(path)}' is not below {source}" in str(
            caught.value
        )


@pytest.mark.fault("paths that lead elsewhere")
def test_pipes_in_a_corpus_are_told_and_never_waited_for(source: Path) -> None:
    os.mkfifo(source / "A" / "pipe.wav")
    (source / "B" / "zero.wav").symlink_to("/dev/zero")
    made = run(Table(pattern="^(?<speaker_id>.)/"), source)
    assert (made.utterances, made.rejected) == (4, {"unreadable": 2})
    assert {reason for _, _, reason in rejected(source)} == {
        "cannot be read as audio (it is a folder, a pipe or a device)"
    }


@pytest.mark.fault("audio of another kind than its name")
def test_audio_that_cannot_be_read_is_not_left_out_without_a_word(source: Path) -> None:
    for name in ("rec.webm", "REC2.WEBM", "x.aac"):
        (source / "A" / name).write_bytes(b"\x1a\x45\xdf\xa3" + bytes(100))
    made = run(Table(pattern="^(?<speaker_id>.)/"), source)
    assert (made.utterances, made.rejected) == (4, {})
    assert made.notes == (
        "3 files are audio of kinds that cannot be read, such as A/REC2.WEBM: convert them, such as to FLAC, "
        "or they are left out",
    )
    shutil.rmtree(source.parent / "out")
    made = run(table(source, "A/0.wav,A", "A/1.wav,A", "A/rec.webm,A", "A/x.aac,A", "A/REC2.WEBM,A"), source)
    assert made.rejected == {"unreadable": 3}
    assert made.notes == ("2 audio files do not belong to what is prepared, such as B/2.wav",)
