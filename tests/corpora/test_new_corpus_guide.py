import re
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.corpora import CORPORA, Corpus, load_corpus
from svfair.corpora.preparation.listing import list_files
from svfair.errors import InputError

GUIDE = Path(__file__).parents[2] / "docs" / "new-corpus.md"


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> Corpus:
    code = GUIDE.read_text().split("```python\n")[1].split("```")[0]
    name = "svfair.corpora.radio_meetings"
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(code, str(GUIDE), "exec"), module.__dict__)
    made = module.RadioMeetings()
    assert isinstance(made, Corpus)
    return made


def test_the_guides_corpus_reads_what_the_guide_describes(corpus: Corpus, tmp_path: Path) -> None:
    for name in ("M003/20210412/utt-0007.flac", "M003/20210413/utt-0001.flac", "M010/20210412/utt-0007.flac"):
        file = tmp_path / "meetings" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "meetings" / "jingle.flac").touch()
    (tmp_path / "people.csv").write_text("pseudonym,sex,birth_country\nM003,F,Kenya\nM010,,\n")
    files = list_files(tmp_path, corpus.suffixes).files.select("path")
    found = corpus.utterances(tmp_path, files)
    assert found.select("path", "utterance_id", "speaker_id", "session_id").rows() == [
        ("meetings/M003/20210412/utt-0007.flac", "M003-20210412-0007", "M003", "M003-20210412"),
        ("meetings/M003/20210413/utt-0001.flac", "M003-20210413-0001", "M003", "M003-20210413"),
        ("meetings/M010/20210412/utt-0007.flac", "M010-20210412-0007", "M010", "M010-20210412"),
    ]
    assert corpus.speakers(tmp_path).to_dicts() == [
        {"speaker_id": "M003", "gender": "F", "country": "Kenya"},
        {"speaker_id": "M010", "gender": "", "country": ""},
    ]


def test_the_guides_corpus_names_bad_metadata(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'people.csv'"):
        corpus.speakers(tmp_path)
    people = tmp_path / "people.csv"
    people.write_text("pseudonym,gender,birth_country\nM003,F,Kenya\n")
    with pytest.raises(InputError, match=r"people.csv: no column 'sex'; found pseudonym, gender, birth_co"):
        corpus.speakers(tmp_path)
    people.write_text("pseudonym,sex,birth_country\nM003,F,Kenya\nM003,M,Kenya\n")
    with pytest.raises(InputError, match=r"people.csv: speaker 'M003' has two rows that differ"):
        corpus.speakers(tmp_path)


def test_the_guides_line_makes_the_command(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (name, place), *others = re.findall(r'^"([\w-]+)": "([\w:]+)",$', GUIDE.read_text(), re.MULTILINE)
    assert not others
    monkeypatch.setitem(CORPORA, name, place)  # type: ignore[arg-type]
    assert type(corpus) is load_corpus(name)
    runner, wide = CliRunner(), {"COLUMNS": "200"}
    assert name in runner.invoke(app, ["prepare", "--help"], env=wide).output
    help_text = runner.invoke(app, ["prepare", name, "--help"], env=wide).output
    assert "Prepare Radio Meetings: meetings/M003/20210412/utt-0007.flac and people.csv." in help_text
    (example,) = re.findall(r"^svfair prepare .*$", GUIDE.read_text(), re.MULTILINE)
    assert f"Example: {example}" in help_text
    source = tmp_path / "radio-meetings"
    source.mkdir()
    result = runner.invoke(app, ["prepare", name, str(source), str(tmp_path / "prepared")])
    assert "nothing in it is laid out as radio-meetings is: meetings/M003" in result.stderr


def test_the_guides_own_test_holds(corpus: Corpus, tmp_path: Path) -> None:
    blocks = GUIDE.read_text().split("```\n")
    (code,) = [block for block in blocks if block.startswith("def test_files")]
    scope = {"pl": pl, "Path": Path, "RadioMeetings": type(corpus)}
    exec(compile(code, str(GUIDE), "exec"), scope)
    run = scope["test_files"]
    assert callable(run)
    run(tmp_path)
