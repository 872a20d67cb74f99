"""From a corpus as its publisher ships it to a manifest: listed, looked at, checked, and written whole."""

import functools
import hashlib
import json
import os
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from svfair import __version__
from svfair.corpora.corpus import SAMPLE_RATE, Corpus
from svfair.corpora.preparation.duplicates import find_duplicates
from svfair.corpora.preparation.headers import FILES_A_PART, Part, parts_of, read_headers
from svfair.corpora.preparation.listing import Listing, list_files
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.parallel import run_jobs
from svfair.corpora.preparation.rejections import Rejections
from svfair.corpora.preparation.resume import open_folder
from svfair.corpora.preparation.speakers import attributes_of_utterances, describe_speakers
from svfair.corpora.preparation.storage import Storage, store_part
from svfair.errors import InputError, Parameter
from svfair.manifests.manifest import read_manifest_facts, write_audio_root
from svfair.manifests.recording import BYTE_OFFSET, BYTE_SIZE
from svfair.tables.writing import write_table

#: Recordings of one tar archive, of one job that writes FLAC files, and of one that cuts and treats them too.
_RECORDINGS_A_SHARD, _RECORDINGS_A_JOB, _RECORDINGS_A_CUTTING_JOB = 1000, 100, 10

#: Names that this module gives to columns of its own.
_OWN_COLUMNS = {
    *("size", "modified_ns", "frames", "sample_rate", "probe", "original", "stored"),
    *("duration_s", BYTE_OFFSET, BYTE_SIZE),
}

# Part of what parts are named by: raise it when their content changes.
_FORM_OF_PARTS = 3


def prepare(
    corpus: Corpus, source: Path, out: Path, options: Options | None = None, console: Console | None = None
) -> Prepared:
    """Turn a corpus into a manifest.

    An interrupted preparation goes on where it stopped. A finished one is kept as long as the listing of
    the source, its tables and the options are the same; otherwise what changed is done again.

    Parameters
    ----------
    corpus
        Which, with its options.
    source
        Its folder.
    out
        Folder to fill: `manifest.parquet`, `speakers.csv`, `rejected.csv`, `manifest.json` (how it was
        made), `corpus.json` (the options), `parts/` (what headers say, for going on).
    options
        See `Options`.
    console
        Where progress goes; standard error by default.

    Raises
    ------
    InputError
        When the source is not laid out as the publisher ships it, a folder of it cannot be read, too much
        is rejected, `out` holds something else or cannot be written to.
    """
    options = options or Options()
    if corpus.cuts and options.store == "source":
        options = replace(options, store="flac")
    job = _Preparation(corpus, source, out, options, console)
    try:
        return job.run()
    except BrokenProcessPool as error:
        raise InputError(
            f"{source}: a process died while reading audio (too little memory, or a crash of an audio "
            f"library); what was done is kept in {out / 'parts'}: run it again, with fewer ",
            Parameter("workers"),
        ) from error


class _Preparation:
    def __init__(
        self, corpus: Corpus, source: Path, out: Path, options: Options, console: Console | None
    ) -> None:
        self.corpus, self.source, self.out, self.options, self.console = corpus, source, out, options, console
        self.workers = options.workers or len(os.sched_getaffinity(0))
        settings: dict[str, Any] = asdict(corpus) if is_dataclass(corpus) else {}
        self.settings: dict[str, Any] = {
            "corpus": corpus.name,
            "source": str(source.resolve()),
            **settings,
            "store": options.store,
            "shortest_s": options.shortest_s,
        }
        self.manifest = out / f"manifest.{options.manifest_format}"
        self.used: set[Path] = set()

    def run(self) -> Prepared:
        listing = list_files(self.source, self.corpus.suffixes)
        if self.out.resolve().is_relative_to(self.source.resolve()):
            raise InputError(f"{self.out}: lies in {self.source}; name a folder outside of the corpus")
        found = self.corpus.utterances(self.source, listing.files.select("path"))
        if found.is_empty():
            raise InputError(
                f"{self.source}: nothing in it is laid out as {self.corpus.name} is: {self.corpus.layout}"
            )
        taken = sorted(_OWN_COLUMNS.intersection(found.columns))
        if taken:
            raise InputError(
                f"{self.source}: '{taken[0]}' cannot be the name of an attribute; rename the column"
            )
        published = self.corpus.speakers(self.source)
        digest = _digest(listing, found, published)
        open_folder(self.out, self.settings)
        earlier = self._earlier(digest)
        if earlier is not None:
            return earlier
        for name in ("manifest.parquet", "manifest.csv"):
            (self.out / name).unlink(missing_ok=True)
        return self._prepare(listing, found, published, digest)

    def _prepare(
        self, listing: Listing, found: pl.DataFrame, published: pl.DataFrame, digest: str
    ) -> Prepared:
        notes = []
        outside = listing.files.join(found, "path", "anti")["path"]
        if len(outside):
            first = str(outside.min())
            notes.append(f"{len(outside):,} audio files do not belong to what is prepared, such as {first}")
        rejections = Rejections(listing.unusable)
        looked_for = found.height + listing.unusable.height
        rows = found.join(listing.files, "path", "left", maintain_order="left").sort("path", "utterance_id")
        rows = rejections.take(rows, pl.col("size").is_null(), "missing", "no such file")
        again = pl.format("another file has the same utterance id, '{}'", "utterance_id")
        rows = rejections.take(rows, ~pl.col("utterance_id").is_first_distinct(), "duplicate", again)
        # Below, a path stands for a recording.
        twice = pl.format("another utterance has this file; '{}' is left out", "utterance_id")
        rows = rejections.take(rows, ~pl.col("path").is_first_distinct(), "duplicate", twice)
        rows = self._look_at(rows, rejections)
        rejections.check(looked_for, self.options.max_rejected, self.out)
        utterances = self._store(rows, rejections)
        rejections.check(looked_for, self.options.max_rejected, self.out)
        speakers, remarks = describe_speakers(utterances.drop("frames", "sample_rate"), published)
        return self._write(utterances, speakers, rejections, (*notes, *remarks), digest)

    def _look_at(self, rows: pl.DataFrame, rejections: Rejections) -> pl.DataFrame:
        """Read every header; return the rows that can be used, with `frames` and `sample_rate`."""
        files = rows.select("path", "size", "modified_ns")
        parts = parts_of(files, self.out / "parts", size=FILES_A_PART, settings=f"headers {_FORM_OF_PARTS}")
        job = functools.partial(read_headers, source=self.source)
        found = rejections.take_unusable(self._run(parts, job, "Reading headers"))
        rows = rows.join(found, "path", maintain_order="left")
        seconds = pl.col("frames") / pl.col("sample_rate")
        short = pl.format("too short: {} s", seconds.round(3))
        rows = rejections.take(rows, seconds < self.options.shortest_s, "too short", short)
        twins = find_duplicates(rows, self.source, workers=self.workers, console=self.console)
        rows = rows.join(twins, "path", "left", maintain_order="left").drop("probe")
        same = pl.format("the same recording as {}", "original")
        return rejections.take(rows, pl.col("original").is_not_null(), "duplicate", same).drop("original")

    def _store(self, rows: pl.DataFrame, rejections: Rejections) -> pl.DataFrame:
        """Write audio anew where that is asked for; return the utterances."""
        if self.options.store == "source":
            return rows.drop("size", "modified_ns")
        packed = self.options.store == "packed"
        whole = _RECORDINGS_A_CUTTING_JOB if self.corpus.cuts else _RECORDINGS_A_JOB
        size = _RECORDINGS_A_SHARD if packed else whole
        settings = json.dumps([_FORM_OF_PARTS, self.settings])
        parts = parts_of(rows.drop("frames", "sample_rate"), self.out / "parts", size=size, settings=settings)
        job = functools.partial(
            store_part, source=self.source, storage=Storage(self.out, packed), corpus=self.corpus
        )
        written = self._run(parts, job, "Writing audio")
        kept = rows.drop("size", "modified_ns", "utterance_id", "session_id", "frames", "sample_rate")
        joined = rejections.take_unusable(written).join(kept, "path", maintain_order="left")
        return joined.drop("path").rename({"stored": "path"}).with_columns(sample_rate=pl.lit(SAMPLE_RATE))

    def _run(self, parts: list[Part], job: Any, title: str) -> pl.DataFrame:
        (self.out / "parts").mkdir(exist_ok=True)
        missing = [part for part in parts if not part.file.is_file()]
        run_jobs(
            job,
            missing,
            title=title,
            workers=self.workers,
            finished=sum(map(len, parts)) - sum(map(len, missing)),
            size_of=len,
            console=self.console,
        )
        self.used |= {part.file for part in parts}
        return pl.concat([pl.read_parquet(part.file) for part in parts])

    def _write(
        self,
        utterances: pl.DataFrame,
        speakers: pl.DataFrame,
        rejections: Rejections,
        notes: tuple[str, ...],
        digest: str,
    ) -> Prepared:
        duration = (pl.col("frames") / pl.col("sample_rate")).round(3)
        table = attributes_of_utterances(utterances.with_columns(duration_s=duration), speakers)
        places = [name for name in (BYTE_OFFSET, BYTE_SIZE) if name in table.columns]
        first = ["utterance_id", "path", "speaker_id", "session_id", "duration_s", *places]
        rest = [name for name in table.columns if name not in (*first, "frames", "sample_rate")]
        table = table.select(*first, *rest).sort("speaker_id", "session_id", "utterance_id").rechunk()
        prepared = Prepared(
            manifest=self.manifest,
            speakers=speakers.height,
            utterances=table.height,
            hours=round(float(table["duration_s"].sum()) / 3600, 3),
            rejected=rejections.counts(),
            notes=notes,
        )
        write_table(rejections.table(), self.out / "rejected.csv")
        write_table(speakers, self.out / "speakers.csv")
        made = {
            name: value for name, value in asdict(prepared).items() if name not in ("manifest", "unchanged")
        }
        root = self.source if self.options.store == "source" else self.out
        facts = {"svfair": __version__, "source_digest": digest, "settings": self.settings, **made}
        write_audio_root(self.manifest, root, facts)
        # Last: where there is a manifest, everything beside it is of the same run.
        write_table(table, self.manifest)
        self._forget_unused()
        return prepared

    def _earlier(self, digest: str) -> Prepared | None:
        facts = read_manifest_facts(self.out)
        if not self.manifest.is_file() or facts.get("source_digest") != digest:
            return None
        names = ("speakers", "utterances", "hours", "rejected")
        values = {name: facts[name] for name in names}
        return Prepared(self.manifest, notes=tuple(facts["notes"]), unchanged=True, **values)

    def _forget_unused(self) -> None:
        """Remove parts and archives of a listing that is no longer true."""
        names = {file.stem for file in self.used}
        for folder, ending in (("parts", "*.parquet*"), ("shards", "*.tar*")):
            for file in (self.out / folder).glob(ending):
                if file.name.partition(".")[0] not in names or file.suffix == ".part":
                    file.unlink()


def _digest(listing: Listing, *tables: pl.DataFrame) -> str:
    """Return a hash of the source: its files, and what its tables and this version make of them."""
    hashed = hashlib.sha256(listing.digest().encode())
    for table in tables:
        for part in table.iter_slices(50_000):
            hashed.update(part.write_csv().encode())
    return hashed.hexdigest()
