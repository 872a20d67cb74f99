import contextlib
import gzip
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.data.trials import read_scores, read_trials, speaker_of, write_scores, write_trials
from svfair.errors import InputError

EXPECTED = pl.DataFrame(
    {
        "enrol": ["id1/a/1.wav", "id1/a/1.wav", "id2/b/2.wav"],
        "test": ["id1/c/3.wav", "id2/b/2.wav", "id2/d/4.wav"],
        "is_target": [True, False, True],
        "score": [0.9, -1.5, 0.25],
    }
)
ROWS = list(EXPECTED.iter_rows())

VOXCELEB = "".join(f"{int(t)} {a} {b} {s}\n" for a, b, t, s in ROWS)
KALDI = "".join(f"{a} {b} {'target' if t else 'nontarget'} {s}\n" for a, b, t, s in ROWS)
CSV = "enrol,test,label,score\n" + "".join(f"{a},{b},{int(t)},{s}\n" for a, b, t, s in ROWS)


@pytest.mark.parametrize(
    "content",
    [
        VOXCELEB,
        KALDI,
        CSV,
        VOXCELEB.replace(" ", "  "),
        VOXCELEB.replace(" ", "\t"),
        KALDI.replace("\n", " \n"),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";"),
        CSV.replace(",", " , "),
        CSV.replace("label", "LAB").replace("score", "sc"),
        CSV.replace("enrol,test", "ref_file,com_file"),
    ],
)
@pytest.mark.parametrize("dress", ["plain", "mark", "windows", "gzip"])
def test_formats_read_alike(tmp_path: Path, content: str, dress: str) -> None:
    data = content.encode()
    if dress == "windows":
        data = data.replace(b"\n", b"\r\n")
    if dress == "mark":
        data = b"\xef\xbb\xbf" + data
    if dress == "gzip":
        data = gzip.compress(data)
    path = tmp_path / "scores"
    path.write_bytes(data)
    assert read_scores(path).equals(EXPECTED)
    assert read_trials(path).equals(EXPECTED.drop("score"))


@pytest.mark.parametrize("name", ["scores.txt", "scores.csv", "scores.parquet"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    write_scores(EXPECTED, tmp_path / name)
    assert read_scores(tmp_path / name).equals(EXPECTED)
    write_trials(EXPECTED.drop("score"), tmp_path / name)
    assert read_trials(tmp_path / name).equals(EXPECTED.drop("score"))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(CSV.replace("enrol,test,label,score", "left,right,truth,llr"))
    names = {"enrol": "left", "test": "right", "is_target": "truth", "score": "LLR"}
    assert read_scores(path, columns=names).equals(EXPECTED)
    with pytest.raises(
        InputError,
        match=r"no column for the enrolment utterance; found left, right, truth, llr. Name it with",
    ):
        read_scores(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("enrol,test,label,score\n", "holds no trials"),
        (VOXCELEB.replace("-1.5", "nan"), "line 2: score 'nan' is not a finite number"),
        (CSV.replace("-1.5", "inf"), "line 3: score 'inf' is not a finite number"),
        (CSV.replace("-1.5", ""), "line 3: score '' is not a finite number"),
        (CSV.replace("0.25", "high"), "line 4: score 'high' is not a finite number"),
        (CSV.replace(",1,", ",yes,"), r"line 2: label 'yes' is none of 0, 1, target, nontarget (1 more"),
        (CSV.replace("id2/b/2.wav,id2", ",id2"), "line 4: an utterance is missing"),
        (CSV.replace(",0,", ",1,"), "holds target trials alone; error rates need non-target trials too"),
        (CSV.replace(",1,", ",0,"), "holds non-target trials alone"),
        (CSV.replace(",score", ",points"), "no column for the score; found enrol, test, label, points"),
        ("".join(line.rsplit(" ", 1)[0] + "\n" for line in VOXCELEB.splitlines()), "without scores"),
        (VOXCELEB + "1 a\n", "line 4"),
        ("\0\1\2", "is not a text file"),
    ],
)
def test_bad_scores_are_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "scores.txt"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=60) | st.text("01 ,;\tatgn.e\n\"'", max_size=60).map(str.encode))
def test_anything_else_is_an_input_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.txt"
    path.write_bytes(content)
    for read in (read_scores, read_trials):
        with contextlib.suppress(InputError):
            assert read(path).height > 0


def test_speaker_is_the_first_folder_or_by_pattern() -> None:
    assert speaker_of(EXPECTED["test"]).to_list() == ["id1", "id2", "id2"]
    assert speaker_of(pl.Series(["a-1", "b-2"]), r"^(\w+)-").to_list() == ["a", "b"]
    with pytest.raises(InputError, match=r"does not match 'b'"):
        speaker_of(pl.Series(["a-1", "b"]), r"^(\w+)-")
    with pytest.raises(InputError, match="--speaker-pattern"):
        speaker_of(pl.Series(["a"]), "(")


def test_published_lists(real_data: Path) -> None:
    assert read_trials(real_data / "voxceleb" / "vox1_o_cleaned_derived.txt").height == 37_611
    hard = read_trials(real_data / "voxceleb" / "verif_hard.txt.gz")
    assert hard.height == 552_536
    same = speaker_of(hard["enrol"]) == speaker_of(hard["test"])
    assert same.equals(hard["is_target"], check_names=False)
