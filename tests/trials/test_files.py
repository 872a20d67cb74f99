import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from score_texts import CSV, EXPECTED, KALDI, UNLABELLED, VOXCELEB, WESPEAKER

from svfair.errors import InputError
from svfair.tables.bad_lines import Rejected
from svfair.trials.files import (
    read_scores,
    read_scores_leniently,
    read_trials,
    speaker_of,
    write_trials,
)

NORMALISED = WESPEAKER.replace("target\n", "target 14.1000 13.2000 0.1000 0.2000\n")
CALIBRATION = KALDI.replace("\n", "".join(f" {place}.5" for place in range(12)) + "\n")


@pytest.mark.parametrize(
    "content",
    [
        VOXCELEB,
        KALDI,
        KALDI.replace("nontarget", "0").replace("target", "1"),  # 3D-Speaker copies its list, whichever it is
        WESPEAKER,
        WESPEAKER.replace("nontarget", "0").replace("target", "1"),
        NORMALISED,
        CALIBRATION,
        "\n \n" + WESPEAKER.replace("\n", "\n\n"),
        CSV,
        CSV.replace(",", " "),
        CSV.replace("label", "target").replace(",", "\t"),
        CSV.replace(",", "|"),
        "".join('"' + line.replace(",", '","') + '"\n' for line in CSV.splitlines()),
        "\n".join(f"{row},{line}" for row, line in enumerate(CSV.splitlines())),
        VOXCELEB.replace(" ", "  "),
        VOXCELEB.replace(" ", "\t"),
        KALDI.replace("\n", " \n"),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";"),
        CSV.replace(",", " , "),
        CSV.replace("label", "LAB").replace("score", "sc"),
        CSV.replace("enrol,test", "ref_file,com_file"),
        CSV.replace("enrol,test,label,score", "modelid,segmentid,targettype,LLR").replace(",", "\t"),
    ],
)
@pytest.mark.parametrize("dress", ["plain", "mark", "windows", "macintosh", "gzip"])
def test_formats_read_alike(tmp_path: Path, content: str, dress: str) -> None:
    data = content.encode()
    if dress == "windows":
        data = data.replace(b"\n", b"\r\n")
    if dress == "macintosh":
        data = data.replace(b"\n", b"\r")
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
    write_trials(EXPECTED, tmp_path / name)
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
        (
            CSV.replace(",1,", ",perhaps,"),
            "2 bad lines: line 2: label 'perhaps' is none of 0, 1, target, nontarget; line 4",
        ),
        (CSV.replace("id2/b/2.wav,id2", ",id2"), "line 4: an utterance is missing"),
        (CSV.replace(",0,", ",1,"), "holds target trials alone; error rates need non-target trials too"),
        (CSV.replace(",1,", ",0,"), "holds non-target trials alone"),
        (CSV.replace(",score", ",points"), "no column for the score; found enrol, test, label, points"),
        ("".join(line.rsplit(" ", 1)[0] + "\n" for line in VOXCELEB.splitlines()), "without scores"),
        (VOXCELEB + "1 a\n", "line 4"),
        ("\0\1\2", "is not a text file"),
        (VOXCELEB + "\n1 a\n", "1 bad line: line 5: has 2 fields instead of 4. Mend them"),
        (VOXCELEB.replace("-1.5", "-1.5 x"), "line 2: has 5 fields instead of 4"),
        (CSV.replace(",0.9", ""), "line 2: has 3 fields instead of 4"),
        (CSV.replace(",0,", ",0,,"), "line 3: has 5 fields instead of 4"),
        (CSV.replace(",0.9", ',"0.9'), "line 2: its quotation marks do not match"),
        (
            CSV.replace("0.9", '"0.\n9"'),
            "2 bad lines: line 2: its quotation marks do not match; line 3: has 1 f",
        ),
        ("enrol,test,label,score,note\na,b,1,0.5,x\na,c,0,0.1\n", "line 3: has 4 fields instead of 5"),
        (KALDI * 3 + "x\n" * 1200, "1,200 bad lines: line 10: has 1 field instead of 4; line 11"),
        (KALDI * 3 + "x\n" * 1200, "line 12: has 1 field instead of 4; and 1,197 more like them. Mend them"),
        (
            UNLABELLED,
            "its lines are 'enrol test score', without labels; give the list of trials with trials",
        ),
        ("a b 1 1\na c 0 0\n", "could be 'enrol test label score' or 'enrol test score label'; put a header"),
        (
            "\nfirst second\n",
            "no known layout, such as '1 enrol test 0.5' or 'enrol test target 0.5', and no header; ",
        ),
        ("\nfirst second\n", "line 2 is 'first second'"),
        (CSV.replace("label,score", "label,score,Score"), "2 columns are called 'score'; rename all but one"),
        (
            CSV.replace("label,", "truth,"),
            "no column for the label; found enrol, test, truth, score. Name it",
        ),
        (
            VOXCELEB + VOXCELEB.replace("0 id1", "1 id1"),
            "'id1/a/1.wav' against 'id2/b/2.wav' is a target trial",
        ),
        (
            VOXCELEB + VOXCELEB.replace("0 id1", "1 id1"),
            "in line 5 and a non-target trial in line 2; keep the",
        ),
        ("enrol,test\x1b[31m,x\na,b,c\n", "found enrol, test�[31m, x"),
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


def test_bytes_that_are_no_text_are_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_bytes(VOXCELEB.encode() + b"1 caf\xe9 b 0.5\n")
    with pytest.raises(InputError, match="1 bad line: line 4: is not UTF-8 text"):
        read_scores(path)
    table, rejected = read_scores_leniently(path)
    assert table.equals(EXPECTED)
    assert rejected == Rejected(1, ("line 4: is not UTF-8 text",))
    path.write_bytes("".join(VOXCELEB).encode("utf-16"))
    with pytest.raises(InputError, match="is UTF-16 text; save it as UTF-8"):
        read_scores(path)


@pytest.mark.parametrize("content", [VOXCELEB, KALDI, WESPEAKER, CSV, CSV.replace(",", ";")])
def test_bad_lines_can_be_skipped_and_are_counted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "scores"
    lines = content.splitlines()
    bad = [
        "oops",
        lines[-1].replace("0.25", "nan"),
        lines[-1] + lines[-1].replace("id2/b/2.wav", "x y,z;"),
        "#",
    ]
    mixed = [*lines[:-1], "", *bad, lines[-1]]
    path.write_text("\n".join(mixed))
    table, rejected = read_scores_leniently(path)
    assert table.equals(EXPECTED)
    assert rejected.count == len(bad)
    assert len(rejected.first) == 3
    start = len(lines) + 1
    assert rejected.first[1] == f"line {start + 1}: score 'nan' is not a finite number"
    with pytest.raises(
        InputError, match=f"4 bad lines: line {start}: has 1 field instead of 4; line {start + 1}"
    ):
        read_scores(path)
    path.write_text(content)
    assert read_scores_leniently(path)[1] == Rejected()


def test_a_bad_first_line_does_not_hide_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_text("# scores of the best system\n" + VOXCELEB)
    table, rejected = read_scores_leniently(path)
    assert table.equals(EXPECTED)
    assert rejected.first == ("line 1: has 6 fields instead of 4",)


def test_only_bad_lines_are_no_trials(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_text(CSV.replace(",1,", ",x,").replace(",0,", ",x,"))
    with pytest.raises(InputError, match="3 bad lines: line 2: label 'x' is none"):
        read_scores_leniently(path)


@pytest.mark.parametrize("kind", [pl.Float64, pl.Float32, pl.String])
@pytest.mark.parametrize("label", [pl.Boolean, pl.Int64, pl.Float64, pl.String])
def test_parquet_keeps_every_bit_of_a_score(
    tmp_path: Path, kind: type[pl.DataType], label: type[pl.DataType]
) -> None:
    random = np.random.default_rng(0)
    scores = pl.Series(random.standard_normal(1000) * 10.0 ** random.integers(-300, 300, 1000))
    scores = scores.cast(pl.Float32, strict=False).clip(-1e30, 1e30) if kind == pl.Float32 else scores
    table = pl.DataFrame(
        {
            "enrol": range(1000),
            "test": ["a"] * 1000,
            "is_target": [True, False] * 500,
            "score": scores,
        }
    ).with_columns(pl.col("is_target").cast(pl.Int8).cast(label))
    path = tmp_path / "no_suffix"
    table.with_columns(pl.col("score").cast(kind)).write_parquet(path)
    read = read_scores(path)
    assert read["score"].equals(scores.cast(pl.Float64), check_names=False)
    assert read["is_target"].to_list() == [True, False] * 500
    assert read["enrol"].to_list() == [str(number) for number in range(1000)]


def test_text_keeps_every_bit_of_a_score(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    scores = random.standard_normal(2000) * 10.0 ** random.integers(-300, 300, 2000)
    path = tmp_path / "scores"
    path.write_text("".join(f"{row % 2} a {row} {score!r}\n" for row, score in enumerate(scores.tolist())))
    assert read_scores(path)["score"].to_list() == scores.tolist()


def test_bad_rows_of_parquet_are_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    bad = EXPECTED.with_columns(
        score=pl.Series([0.9, None, float("nan")]),
        test=pl.Series(["x", "y", None]),
        is_target=pl.Series([1, 0, 2]),
    )
    bad.write_parquet(path)
    with pytest.raises(
        InputError, match=r"2 bad rows: row 2: score '' is not a finite number; row 3: label '2'"
    ):
        read_scores(path)
    EXPECTED.with_columns(test=pl.col("test").str.split("/")).write_parquet(path)
    with pytest.raises(InputError, match=r"scores\.parquet: (a column holds neither|.* bad row|.*holds)"):
        read_scores(path)
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_scores(path)


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.gz"
    packed = gzip.compress(VOXCELEB.encode())
    for damaged in (packed[:-9], packed[:12] + b"\xff\xff" + packed[14:], packed[:-6] + b"123456"):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"scores.gz: cannot be read \("):
            read_scores(path)


def test_speaker_is_the_first_folder_or_by_pattern() -> None:
    assert speaker_of(EXPECTED["test"]).to_list() == ["id1", "id2", "id2"]
    assert speaker_of(pl.Series(["a-1", "b-2"]), r"^(\w+)-").to_list() == ["a", "b"]
    with pytest.raises(InputError, match=r"does not match 'b'"):
        speaker_of(pl.Series(["a-1", "b"]), r"^(\w+)-")
    with pytest.raises(InputError, match="speaker_pattern"):
        speaker_of(pl.Series(["a"]), "(")


def test_published_lists(real_data: Path) -> None:
    assert read_trials(real_data / "voxceleb" / "vox1_o_cleaned_derived.txt").height == 37_611
    hard = read_trials(real_data / "voxceleb" / "verif_hard.txt.gz")
    assert hard.height == 552_536
    same = speaker_of(hard["enrol"]) == speaker_of(hard["test"])
    assert same.equals(hard["is_target"], check_names=False)
