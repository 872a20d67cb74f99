"""Recordings written anew: 16 kHz mono FLAC, as files or packed into tar archives."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import soundfile

from svfair.audio import AudioError, Waveform, read_audio
from svfair.audio.shards import write_shard
from svfair.corpora.corpus import SAMPLE_RATE, Corpus
from svfair.corpora.preparation.headers import Part
from svfair.corpora.preparation.parts_of_files import LENGTH
from svfair.corpora.preparation.rejections import KIND, REASON
from svfair.files import written_whole
from svfair.manifests.recording import BYTE_OFFSET, BYTE_SIZE, CHANNEL, START, Recording
from svfair.tables.writing import write_table

#: In rows to store, the name of a file without its ending; in what was stored, the id of the row.
FILE_NAME = "stored name"

_SCHEMA = {
    "path": pl.String,
    FILE_NAME: pl.String,
    "utterance_id": pl.String,
    "session_id": pl.String,
    "stored": pl.String,
    "frames": pl.Int64,
    KIND: pl.String,
    REASON: pl.String,
}
_Row = tuple[str | int | None, ...]
_PLACES = {BYTE_OFFSET: pl.Int64, BYTE_SIZE: pl.Int64}


@dataclass(frozen=True)
class Storage:
    """Where audio is written.

    Parameters
    ----------
    out
        Folder; files go to `audio/`, archives to `shards/`.
    packed
        Whether the utterances of a part go into one tar archive.
    """

    out: Path
    packed: bool


def store_part(part: Part, source: Path, storage: Storage, corpus: Corpus) -> None:
    """Write the audio of a part's recordings, then a table of what was written, each whole or not at all."""
    rows: list[_Row] = []
    places: list[tuple[int, int]] = []
    if storage.packed:
        shard = storage.out / "shards" / f"{part.file.stem}.tar"
        shard.parent.mkdir(parents=True, exist_ok=True)
        places = write_shard(shard, _encode(part, source, corpus, rows, f"shards/{shard.name}"))
    else:
        for name, content in _encode(part, source, corpus, rows, None):
            path = storage.out / "audio" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as temporary:
                temporary.write_bytes(content)
    table = pl.DataFrame(rows, _SCHEMA, orient="row")
    if storage.packed:
        written = iter(places)
        place = [(None, None) if row[4] is None else next(written) for row in rows]
        table = table.hstack(pl.DataFrame(place, _PLACES, orient="row"))
    write_table(table, part.file)


def _encode(
    part: Part,
    source: Path,
    corpus: Corpus,
    rows: list[_Row],
    shard: str | None,
) -> Iterator[tuple[str, bytes]]:
    """Give name and FLAC of each utterance, and add its row (or why there is none) to `rows`."""
    for recording in part.rows.iter_rows(named=True):
        path, listed = str(recording["path"]), str(recording["utterance_id"])
        start, length = recording.get(START), recording.get(LENGTH)
        channel = recording.get(CHANNEL)
        try:
            audio = Recording(
                source / path, start_s=start, length_s=None if start is None else length, channel=channel
            )
            waveform = read_audio(audio, sample_rate=SAMPLE_RATE)
        except AudioError as error:
            rows.append((path, listed, None, None, None, None, error.kind, error.reason))
            continue
        pieces = corpus.cut(recording, waveform)
        if not pieces:
            reason = f"too short: {len(waveform) / SAMPLE_RATE:.1f} s, nothing can be cut"
            rows.append((path, listed, None, None, None, None, "too short", reason))
        for piece in pieces:
            utterance = "-".join(filter(None, (listed, piece.name)))
            session = "-".join(filter(None, (recording["session_id"], piece.session)))
            name = "-".join(filter(None, (recording[FILE_NAME], piece.name))) + ".flac"
            stored = shard or f"audio/{name}"
            rows.append((path, listed, utterance, session, stored, len(piece.waveform), None, None))
            yield name, _flac(piece.waveform)


def _flac(waveform: Waveform) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()
