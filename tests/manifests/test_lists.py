from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests.lists import match_utterances, read_utterance_list, select_listed

TABLE = pl.DataFrame(
    {
        "utterance_id": ["a/1.m4a", "a/2.m4a", "b/1.m4a"],
        "speaker_id": ["a", "a", "b"],
        "duration_s": [1.0] * 3,
    }
)


def write(folder: Path, text: str) -> Path:
    (folder / "list.txt").write_text(text)
    return folder / "list.txt"


def test_lists_with_and_without_speakers(tmp_path: Path) -> None:
    for text in (
        "b b/1.wav\na a/2.wav\n\na a/2.wav\n",
        "b/1.wav\na/2.wav\na/2.wav\n",
        "1 b/1.wav\n2 a/2.wav\n3 a/2.wav",
    ):
        path = write(tmp_path, text)
        rows, counts = select_listed(TABLE, read_utterance_list(path), path)
        assert rows["utterance_id"].to_list() == ["a/2.m4a", "b/1.m4a"]
        assert counts == {"missing": 0, "by_suffix": 2, "repeated": 1}


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    for text, message in (
        ("a a/1.wav\na a/9.wav\n", "1 of 2 utterances are not in the manifest: 'a/9.wav'; skip_missing"),
        ("c c/1.wav\n", "1 of 1 utterances are not in the manifest: 'c/1.wav'$"),
        ("b a/1.wav\n", "1 utterances are of other speakers in the manifest, the first is 'a/1.wav' of 'b'"),
        ("a b a/1.wav\n", "line 1: has 3 fields"),
    ):
        path = write(tmp_path, text)
        with pytest.raises(InputError, match=message):
            select_listed(TABLE, read_utterance_list(path), path)
    path = write(tmp_path, "a a/1.wav\na a/9.wav\n")
    rows, counts = select_listed(TABLE, read_utterance_list(path), path, skip_missing=True)
    assert (rows.height, counts["missing"]) == (1, 1)


def test_a_published_training_list(real_data: Path) -> None:
    path = real_data / "voxceleb" / "vox2_grc_train_list_f1m9_female.txt"
    listed = read_utterance_list(path)
    naive = [line.split() for line in path.read_text().splitlines()]
    assert listed.rows() == [tuple(fields) for fields in naive]
    assert listed["speaker_id"].n_unique() == 250
    table = listed.unique().with_columns(pl.col("utterance_id").str.replace(".wav", ".m4a", literal=True))
    rows, counts = select_listed(table, listed, path)
    assert rows.height == table.height == len({utterance for _, utterance in naive})
    assert counts["by_suffix"] == table.height
    gone = table.sort("utterance_id")["utterance_id"][7]
    with pytest.raises(InputError, match=gone.replace(".m4a", ".wav")):
        select_listed(table.filter(pl.col("utterance_id") != gone), listed, path)


def test_ids_are_found_with_another_suffix_or_none() -> None:
    known = pl.Series(["a/1.wav", "a/2.flac", "a/3", "b/v1.2", "b/4.wav", "b/4.flac"])
    listed = pl.Series(["a/1.wav", "a/2.wav", "a/3.wav", "b/v1.2", "b/4.m4a", "c/9.wav", "a/1.wav"])
    found = match_utterances(listed, known)
    assert found.rows() == [
        ("a/1.wav", "a/1.wav", False),
        ("a/2.wav", "a/2.flac", True),
        ("a/3.wav", "a/3", True),
        ("b/4.m4a", None, False),
        ("b/v1.2", "b/v1.2", False),
        ("c/9.wav", None, False),
    ]
    assert match_utterances(listed.head(0), known).height == 0


@pytest.mark.fault("names composed here and decomposed there")
def test_a_list_in_another_form_of_unicode_fits(tmp_path: Path) -> None:
    composed, decomposed = "zo\u00e9/1.wav", "zoe\u0301/1.wav"
    for listed, known in ((composed, decomposed), (decomposed, composed)):
        path = write(tmp_path, f"{listed.partition('/')[0]} {listed}\n")
        table = pl.DataFrame({"utterance_id": [known], "speaker_id": [known.partition("/")[0]]})
        rows, counts = select_listed(table, read_utterance_list(path), path)
        assert rows["utterance_id"].to_list() == [composed]
        assert counts == {"missing": 0, "by_suffix": 0, "repeated": 0}


@pytest.mark.fault("keys that stand twice")
@pytest.mark.parametrize("other", ["a", "zo\u00e9"])
def test_a_manifest_that_has_an_id_twice_is_named(other: str, tmp_path: Path) -> None:
    known = pl.Series([other, "b", "a" if other == "a" else "zoe\u0301"])
    with pytest.raises(InputError) as caught:
        match_utterances(pl.Series(["b"]), known)
    assert str(caught.value) == (
        f"the manifest: utterance_id '{other}' stands in row 1 and in row 3; keep one row of each"
    )
