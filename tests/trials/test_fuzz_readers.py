"""Whatever the bytes are: a table whose rows and rejected lines add up, or an `InputError` of one line."""

import gzip
import re
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svfair.errors import InputError
from svfair.manifests.speakers import read_speakers
from svfair.tables import lines
from svfair.tables.lines import Form, parse_lines
from svfair.trials.files import read_scores, read_scores_leniently, read_trials

many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Utterances as people call them, some of which look like labels, scores, quotes or names of columns.
utterances = st.sampled_from(
    [
        "id1/a/1.wav",
        "id2/b/2.wav",
        "id1/c/3.wav",
        "x",
        "1",
        "0",
        "0.5",
        "target",
        "nan",
        "é",
        "a\xa0b",
        "test",
    ]
)
scores = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 1.0, -0.5])
trials = st.lists(st.tuples(utterances, utterances, st.booleans(), scores), min_size=1, max_size=12)

FORMATS = {
    "VoxCeleb": "{number} {enrol} {test} {score}",
    "VoxCeleb list": "{number} {enrol} {test}",
    "3D-Speaker": "{enrol} {test} {word} {score}",
    "Kaldi list": "{enrol}\t{test}\t{word}",
    "WeSpeaker": "{enrol} {test} {score} {word}",
    "WeSpeaker, normalised": "{enrol} {test} {score} {word} 14.1 13.2 0.1 0.2",
    "no labels": "{enrol} {test} {score}",
    "CSV": "{enrol},{test},{number},{score}",
    "quoted CSV": '"{score}";"{test}";"{word}";"{enrol}"',
}
HEADERS = {"CSV": "enrol,test,label,score", "quoted CSV": '"score";"test";"label";"enrol"'}

# Pieces that break a line in the ways that files are broken.
pieces = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"\t",
        b",",
        b";",
        b"|",
        b'"',
        b"\xff",
        b"\xc3",
        b"\0",
        b"nan",
        b"1",
        b"0",
        b"x",
    ]
) | st.binary(max_size=3)


def written(name: str, rows: list[tuple[str, str, bool, float]]) -> bytes:
    text = [HEADERS[name]] if name in HEADERS else []
    for enrol, test, target, score in rows:
        word = "target" if target else "nontarget"
        text.append(FORMATS[name].format(enrol=enrol, test=test, number=int(target), word=word, score=score))
    return "\n".join(text).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = written(draw(st.sampled_from(sorted(FORMATS))), draw(trials))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 8)))
        content = content[:start] + draw(pieces) + content[end:]
    return content


def filled_lines(content: bytes) -> int:
    content = content.removeprefix(b"\xef\xbb\xbf")
    return sum(bool(line.strip()) for line in re.split(rb"\r\n|\r|\n", content))


def holds_up(path: Path, content: bytes, trial_list: Path) -> None:
    """Read a file as everything that it could be; only `InputError` may come out beside tables."""
    filled = filled_lines(content)
    for labels in (None, trial_list):
        try:
            table, rejected = read_scores_leniently(path, trials=labels)
        except InputError as error:
            assert_one_line(str(error))
            continue
        # A header is no trial.
        assert table.height + rejected.count in (filled, filled - 1)
        assert len(rejected.first) == min(3, rejected.count)
        assert not any("\n" in line for line in rejected.first)
        assert table.schema == {
            "enrol": pl.String,
            "test": pl.String,
            "is_target": pl.Boolean,
            "score": pl.Float64,
        }
        assert not any(column.has_nulls() for column in table)
        assert table["score"].is_finite().all()
        if rejected.count == 0 and rejected.unscored == 0:
            assert read_scores(path, trials=labels).equals(table)
        else:
            with pytest.raises(InputError):
                read_scores(path, trials=labels)
    try:
        assert read_trials(path).height in (filled, filled - 1)
    except InputError as error:
        assert_one_line(str(error))
    try:
        speakers = read_speakers(path)
        assert speakers["speaker_id"].is_unique().all()
    except InputError as error:
        assert_one_line(str(error))


def assert_one_line(message: str) -> None:
    assert len(message.splitlines()) == 1
    assert message.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "list").write_text("1 x x\n0 x 1\n0 id1/a/1.wav id2/b/2.wav\n")
    return folder


@pytest.mark.slow
@many
@given(content=st.binary(max_size=200))
def test_any_bytes(folder: Path, content: bytes) -> None:
    (folder / "file").write_bytes(content)
    holds_up(folder / "file", content, folder / "list")


@pytest.mark.slow
@many
@given(content=st.text("01 ,;|\tatgn.e-\n\r\"'é\xa0\u2028\x0b\x1c", max_size=120) | st.text(max_size=60))
def test_any_text(folder: Path, content: str) -> None:
    data = content.encode("utf-8", errors="surrogatepass")
    (folder / "file").write_bytes(data)
    holds_up(folder / "file", data, folder / "list")


@pytest.mark.slow
@many
@given(content=damaged(), packed=st.booleans())
def test_damaged_files_of_every_format(folder: Path, content: bytes, packed: bool) -> None:
    (folder / "file").write_bytes(gzip.compress(content) if packed else content)
    holds_up(folder / "file", content, folder / "list")


@pytest.mark.slow
@many
@given(rows=trials, place=st.integers(0, 10_000), piece=st.binary(max_size=4))
def test_damaged_gzip(
    folder: Path, rows: list[tuple[str, str, bool, float]], place: int, piece: bytes
) -> None:
    data = gzip.compress(written("CSV", rows), mtime=0)
    place %= len(data)
    (folder / "file.gz").write_bytes(data[:place] + piece + data[place + len(piece) :])
    read_all(folder / "file.gz")


@settings(max_examples=50, deadline=None)
@given(rows=trials, length=st.integers(0, 10_000), more=st.binary(max_size=4))
def test_damaged_parquet(
    folder: Path, rows: list[tuple[str, str, bool, float]], length: int, more: bytes
) -> None:
    """Cut short, or with something behind it.

    Other bytes in the middle are tried in a process of their own: see `tests/tables`.
    """
    path = folder / "file.parquet"
    pl.DataFrame(rows, schema=["enrol", "test", "label", "score"], orient="row").write_parquet(path)
    path.write_bytes(path.read_bytes()[:length] + more)
    read_all(path)


def read_all(path: Path) -> None:
    for read in (read_scores, read_trials, read_speakers):
        try:
            read(path)
        except InputError as error:
            assert_one_line(str(error))


@pytest.mark.slow
@many
@given(name=st.sampled_from(sorted(FORMATS)), rows=trials)
def test_what_is_read_is_what_was_written(
    folder: Path, name: str, rows: list[tuple[str, str, bool, float]]
) -> None:
    """Names of utterances never move a field, and no format is taken for another."""
    if name not in HEADERS:
        rows = [(enrol.replace("\xa0", "_"), test.replace("\xa0", "_"), *rest) for enrol, test, *rest in rows]
    (folder / "file").write_bytes(written(name, rows))
    try:
        table = read_scores(folder / "file")
    except InputError:
        return
    assert table.rows() == rows


@many
@given(
    content=st.text("ab\"',; \t\n1é\xa0", max_size=60).map(str.encode) | st.binary(max_size=40),
    delimiter=st.sampled_from([",", "\t", " ", ";"]),
    width=st.integers(1, 4),
    skipped=st.integers(0, 2),
    quoted=st.booleans(),
    data=st.data(),
)
def test_reading_all_lines_at_once_is_reading_them_one_by_one(
    content: bytes, delimiter: str, width: int, skipped: int, quoted: bool, data: st.DataObject
) -> None:
    content = content.replace(b"\r", b"").replace(b"\0", b"")
    names = tuple("abcd"[:width])
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    form = Form(names, delimiter, skipped, quoted)
    at_once = parse_lines(content, form, wanted)
    with patch.object(lines, "_parse_fast", return_value=None):
        one_by_one = parse_lines(content, form, wanted)
    assert at_once.table.equals(one_by_one.table)
    assert at_once.numbers.equals(one_by_one.numbers)
    assert at_once.bad == one_by_one.bad
