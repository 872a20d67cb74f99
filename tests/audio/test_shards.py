import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from svfair.audio.shards import write_shard
from svfair.errors import InputError

MEMBERS = [
    ("id10001/VIDEO/00001.flac", b"first"),
    ("id10001/VIDEO/00002.flac", b""),
    ("id10002/" + "long/" * 40 + "å.wav", bytes(range(256)) * 5),
    ("id10003/one.wav", b"x" * 512),
]


def test_tarfile_reads_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    places = write_shard(path, iter(MEMBERS))
    with tarfile.open(path, "r:") as archive:
        infos = archive.getmembers()
        assert [info.name for info in infos] == [name for name, _ in MEMBERS]
        assert [(info.offset_data, info.size) for info in infos] == places
    content = path.read_bytes()
    assert [content[offset : offset + size] for offset, size in places] == [data for _, data in MEMBERS]
    assert len(content) % tarfile.RECORDSIZE == 0


def test_equal_members_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        write_shard(tmp_path / name, MEMBERS)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


@pytest.mark.parametrize("name", ["", "/root.wav", "a/../../b.wav", "id10001/VIDEO/00001.flac"])
def test_bad_names_leave_nothing_behind(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"shard.tar: member name"):
        write_shard(tmp_path / "shard.tar", [*MEMBERS, (name, b"")])
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_shard_is_not_there(tmp_path: Path) -> None:
    def members() -> Iterator[tuple[str, bytes]]:
        yield MEMBERS[0]
        raise RuntimeError("the source ended")

    with pytest.raises(RuntimeError, match="the source ended"):
        write_shard(tmp_path / "shard.tar", members())
    assert list(tmp_path.iterdir()) == []
