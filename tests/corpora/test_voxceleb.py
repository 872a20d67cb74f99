from pathlib import Path

import polars as pl
import pytest

from svfair.corpora.voxceleb import VoxCeleb1, VoxCeleb2
from svfair.errors import InputError

COLUMNS = ("path", "utterance_id", "speaker_id", "session_id")


def frame(*paths: str) -> pl.DataFrame:
    return pl.DataFrame({"path": sorted(paths)})


@pytest.mark.parametrize(
    ("corpus", "path"),
    [
        (VoxCeleb1(), "wav/id10001/1zcIwhmdeo4/00001.wav"),
        (VoxCeleb1(), "dev/wav/id10001/1zcIwhmdeo4/00001.wav"),
        (VoxCeleb1(), "voxceleb1/test/wav/id10001/1zcIwhmdeo4/00001.wav"),
        (VoxCeleb1(), "id10001/1zcIwhmdeo4/00001.flac"),
        (VoxCeleb2(), "dev/aac/id10001/1zcIwhmdeo4/00001.m4a"),
        (VoxCeleb2(), "aac/id10001/1zcIwhmdeo4/00001.m4a"),
    ],
)
def test_each_layout_gives_the_ids_of_the_published_lists(
    corpus: VoxCeleb1 | VoxCeleb2, path: str, tmp_path: Path
) -> None:
    found = corpus.utterances(tmp_path, frame(path))
    assert found.select(COLUMNS).rows() == [
        (path, "id10001/1zcIwhmdeo4/00001.wav", "id10001", "id10001/1zcIwhmdeo4")
    ]


def test_videos_may_be_called_almost_anything_and_other_files_do_not_fit(tmp_path: Path) -> None:
    files = frame(
        "wav/id10270/-5r-0dWQ_xs/00012.wav",
        "wav/id10270/1.wav",
        "musan/noise/free-sound/noise-0001.wav",
        "wav/id10270/5r0dWxy17C8/00001.wav.part.mp3",
    )
    found = VoxCeleb1().utterances(tmp_path, files)
    assert found["utterance_id"].to_list() == ["id10270/-5r-0dWQ_xs/00012.wav"]


def test_published_speakers_of_voxceleb1(real_data: Path) -> None:
    speakers = VoxCeleb1().speakers(real_data / "voxceleb")
    assert speakers.columns == ["speaker_id", "vggface_id", "gender", "country", "split"]
    assert speakers.row(0) == ("id10001", "A.J._Buckley", "m", "Ireland", "dev")
    assert speakers.height == 1251
    assert dict(speakers["gender"].value_counts().rows()) == {"m": 690, "f": 561}
    assert dict(speakers["split"].value_counts().rows()) == {"dev": 1211, "test": 40}


def test_published_speakers_of_voxceleb2(real_data: Path) -> None:
    speakers = VoxCeleb2().speakers(real_data / "voxceleb")
    assert speakers.columns == ["speaker_id", "vggface_id", "gender", "split"]
    assert speakers.row(0) == ("id00012", "n000012", "m", "dev")
    assert dict(speakers["gender"].value_counts().rows()) == {"m": 3763, "f": 2351}
    assert dict(speakers["split"].value_counts().rows()) == {"dev": 5994, "test": 120}


def test_trials_and_lists_name_utterances_likewise(real_data: Path, tmp_path: Path) -> None:
    line = (real_data / "voxceleb" / "veri_test_vox1_o.txt").read_text().splitlines()[0]
    first = line.split()[1]
    assert VoxCeleb1().utterances(tmp_path, frame(f"wav/{first}"))["utterance_id"].to_list() == [first]


def test_without_the_table_it_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no 'vox1_meta.csv'; put it there, or name it with meta"):
        VoxCeleb1().speakers(tmp_path)
    with pytest.raises(InputError, match=r"metadata .*gone.csv: no such file"):
        VoxCeleb2(metadata=str(tmp_path / "gone.csv")).speakers(tmp_path)
    assert VoxCeleb1().utterances(tmp_path, frame("a.wav")).is_empty()
