"""Packed storage: many recordings in one uncompressed tar, so that a corpus is not a million small files."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from svfair.errors import InputError
from svfair.files import written_whole


def write_shard(path: Path, members: Iterable[tuple[str, bytes]]) -> list[tuple[int, int]]:
    """Write recordings into an uncompressed POSIX tar, whole or not at all.

    The layout is webdataset's, and any tar program opens it. The same members give the same bytes: times,
    owners and modes are fixed.

    Parameters
    ----------
    path
        The archive to write.
    members
        Name, such as `id10001/VIDEO/00001.flac`, and content of each; taken one at a time, so that a
        generator need not hold them all.

    Returns
    -------
    list of (int, int)
        Offset in the archive and size of each member's content, in bytes: what `byte_offset` and `byte_size`
        of a manifest hold.

    Raises
    ------
    InputError
        When a name is empty, leaves the archive or stands twice, or the archive cannot be written.
    """
    places: list[tuple[int, int]] = []
    names: set[str] = set()
    with (
        written_whole(path) as temporary,
        temporary.open("wb") as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in members:
            _check(path, name, names)
            names.add(name)
            # TarInfo's defaults are fixed: mode 0644, owner 0, time 0.
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            # Contents are padded to whole blocks, and the file now stands behind the padding.
            padded = -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            places.append((file.tell() - padded, len(content)))
    return places


def _check(path: Path, name: str, names: set[str]) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise InputError(f"{path}: member name '{name}' is not a path inside the archive; write it relative")
    if name in names:
        raise InputError(f"{path}: member name '{name}' stands twice; give each recording its own")
