"""From a corpus as its publisher ships it to a manifest: listed, looked at, checked, and written whole."""

import functools
import json
import os
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from svfair import __version__
from svfair.corpora.corpus import SAMPLE_RATE, Corpus
from svfair.corpora.preparation.channels import CHANNELS, KEPT_POWER, notes_of_channels, with_channels
from svfair.corpora.preparation.duplicates import find_duplicates, with_one_row_each
from svfair.corpora.preparation.headers import FILES_A_PART, Part, parts_of, read_headers
from svfair.corpora.preparation.listing import Listing, list_files
from svfair.corpora.preparation.locating import compose_names, locate
from svfair.corpora.preparation.names import file_names
from svfair.corpora.preparation.options import Options, Prepared
from svfair.corpora.preparation.parallel import run_jobs
from svfair.corpora.preparation.parts_of_files import (
    LENGTH,
    notes_of_segments,
    with_segments,
    without_overlaps,
)
from svfair.corpora.preparation.rejections import KIND, REASON, Rejections
from svfair.corpora.preparation.resume import digest_of, open_folder
from svfair.corpora.preparation.speakers import attributes_of_utterances, describe_speakers
from svfair.corpora.preparation.storage import FILE_NAME, Storage, store_part
from svfair.errors import InputError, Parameter
from svfair.manifests.manifest import read_manifest_facts, write_audio_root
from svfair.manifests.recording import BYTE_OFFSET, BYTE_SIZE, CHANNEL, PLACES, START
from svfair.tables.frames import check_once
from svfair.tables.reading import read_parquet
from svfair.tables.writing import write_table

#: Recordings of one tar archive, of one job that writes FLAC files, and of one that cuts and treats them too.
_RECORDINGS_A_SHARD, _RECORDINGS_A_JOB, _RECORDINGS_A_CUTTING_JOB = 1000, 100, 10

#: Names that this module gives to columns of its own.
_OWN_COLUMNS = {
    *("size", "modified_ns", "frames", "sample_rate", "probe", "original", "stored"),
    *(KIND, REASON, LENGTH, CHANNELS, KEPT_POWER, FILE_NAME),
    *("duration_s", BYTE_OFFSET, BYTE_SIZE),
}

# Part of what parts are named by: raise it when their content changes.
_FORM_OF_PARTS = 4


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
        # A folder that was made before there was such an option is as valid as before.
        later: list[Any] = (
            [one for one in fields(corpus) if one.metadata.get("later")] if is_dataclass(corpus) else []
        )
        for one in later:
            if settings[one.name] == one.default:
                del settings[one.name]
        if options.channel_number is not None:
            settings["channel"] = options.channel_number
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
        found = compose_names(found, self.source)
        taken = sorted(_OWN_COLUMNS.intersection(found.columns))
        if taken:
            raise InputError(
                f"{self.source}: '{taken[0]}' cannot be the name of an attribute; rename the column"
            )
        published = compose_names(self.corpus.speakers(self.source), self.source)
        rows = locate(found, listing.files, self.source).sort("path", "utterance_id")
        unlisted = rows.join(listing.files, "path", "anti").select("path", "size", "modified_ns")
        digest = digest_of(listing, found, published, *([unlisted] if unlisted["size"].count() else ()))
        open_folder(self.out, self.settings)
        earlier = self._earlier(digest)
        if earlier is not None:
            return earlier
        for name in ("manifest.parquet", "manifest.csv"):
            (self.out / name).unlink(missing_ok=True)
        return self._prepare(listing, rows, published, digest)

    def _prepare(
        self, listing: Listing, rows: pl.DataFrame, published: pl.DataFrame, digest: str
    ) -> Prepared:
        notes = []
        outside = listing.files.join(rows, "path", "anti")["path"]
        if len(outside):
            first = str(outside.min())
            notes.append(f"{len(outside):,} audio files do not belong to what is prepared, such as {first}")
        foreign = sorted(set(listing.foreign).difference(rows["path"])) if listing.foreign else []
        if foreign:
            notes.append(
                f"{len(foreign):,} files are audio of kinds that cannot be read, such as {foreign[0]}: "
                "convert them, such as to FLAC, or they are left out"
            )
        rejections = Rejections(listing.unusable)
        looked_for = rows.height + listing.unusable.height
        check = functools.partial(rejections.check, looked_for, out=self.out)
        rows = rejections.take_unusable(rows)
        if rows.is_empty():
            check(self.options.max_rejected, left=0)
        rows, remarks = self._look_at(rows, rejections)
        check(self.options.max_rejected, left=rows.height)
        utterances = self._store(rows, rejections)
        check(self.options.max_rejected, left=utterances.height)
        described = utterances.drop("frames", "sample_rate", *_present(utterances, (LENGTH, *PLACES)))
        speakers, more = describe_speakers(described, published)
        return self._write(utterances, speakers, rejections, (*notes, *remarks, *more), digest)

    def _look_at(self, rows: pl.DataFrame, rejections: Rejections) -> tuple[pl.DataFrame, list[str]]:
        """Read every header; return the rows that can be used, with `frames` and `sample_rate`, and notes."""
        files = rows.select("path", "size", "modified_ns").unique("path", maintain_order=True)
        parts = parts_of(files, self.out / "parts", size=FILES_A_PART, settings=f"headers {_FORM_OF_PARTS}")
        job = functools.partial(read_headers, source=self.source)
        found = self._run(parts, job, "Reading headers")
        rows = rows.join(found, "path", maintain_order="left")
        # Not before: a file that cannot be read does not take the place of one that can.
        rows = with_one_row_each(rejections.take_unusable(rows), rejections)
        rows = with_channels(rows, self.options.channel_number, rejections)
        notes = notes_of_segments(rows) + notes_of_channels(rows)
        rows = with_segments(rows, self.options.shortest_s, rejections)
        one_each = rows.unique("path", keep="first", maintain_order=True)
        twins = find_duplicates(one_each, self.source, workers=self.workers, console=self.console)
        rows = rows.join(twins, "path", "left", maintain_order="left").drop("probe", CHANNELS, KEPT_POWER)
        same = pl.format("the same recording as {}", "original")
        is_copy = pl.col("original").is_not_null() & pl.col(START).is_null()
        rows = rejections.take(rows, is_copy, "duplicate", same)
        rows = without_overlaps(rows, rejections).drop("original")
        return rows if rows[START].count() else rows.drop(START), notes

    def _store(self, rows: pl.DataFrame, rejections: Rejections) -> pl.DataFrame:
        """Write audio anew where that is asked for; return the utterances."""
        if self.options.store == "source":
            return rows.drop("size", "modified_ns")
        packed = self.options.store == "packed"
        whole = _RECORDINGS_A_CUTTING_JOB if self.corpus.cuts else _RECORDINGS_A_JOB
        size = _RECORDINGS_A_SHARD if packed else whole
        settings = json.dumps([_FORM_OF_PARTS, self.settings])
        names = file_names(rows["utterance_id"].to_list(), cut=self.corpus.cuts)
        rows = rows.with_columns(pl.Series(FILE_NAME, names, pl.String))
        if START not in rows.columns:
            rows = rows.drop(LENGTH)
        parts = parts_of(rows.drop("frames", "sample_rate"), self.out / "parts", size=size, settings=settings)
        job = functools.partial(
            store_part, source=self.source, storage=Storage(self.out, packed), corpus=self.corpus
        )
        written = self._run(parts, job, "Writing audio")
        gone = ("size", "modified_ns", "session_id", "frames", "sample_rate", LENGTH, START, CHANNEL)
        kept = rows.drop(FILE_NAME, "path", *_present(rows, gone)).rename({"utterance_id": FILE_NAME})
        joined = rejections.take_unusable(written).join(kept, FILE_NAME, maintain_order="left")
        joined = joined.drop(FILE_NAME, "path").rename({"stored": "path"})
        check_once(joined, "utterance_id", "what recordings are cut into", "call the pieces otherwise")
        return joined.with_columns(sample_rate=pl.lit(SAMPLE_RATE))

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
        return pl.concat([read_parquet(part.file) for part in parts])

    def _write(
        self,
        utterances: pl.DataFrame,
        speakers: pl.DataFrame,
        rejections: Rejections,
        notes: tuple[str, ...],
        digest: str,
    ) -> Prepared:
        duration = (pl.col("frames") / pl.col("sample_rate")).round(3)
        if START in utterances.columns:  # to the sample, at any rate of audio
            part = pl.col(LENGTH).round(6)
            duration = pl.when(pl.col(START).is_null()).then(duration).otherwise(part)
            utterances = utterances.with_columns(pl.col(START).round(6))
        table = attributes_of_utterances(utterances.with_columns(duration_s=duration), speakers)
        places = _present(table, PLACES)
        first = ["utterance_id", "path", "speaker_id", "session_id", "duration_s", *places]
        rest = [name for name in table.columns if name not in (*first, "frames", "sample_rate", LENGTH)]
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


def _present(table: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in table.columns]
