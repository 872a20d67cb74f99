"""The manifest: one row an utterance, checked before anything is computed from it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from svfair.errors import InputError
from svfair.files import write_text_whole
from svfair.manifests.recording import BYTE_OFFSET, BYTE_SIZE, CHANNEL, PLACES, START, Recording
from svfair.manifests.rows import REQUIRED, read_rows
from svfair.manifests.speakers import uniform_attributes
from svfair.tables.bad_lines import others_like_it
from svfair.tables.frames import check_columns, check_once, check_texts
from svfair.tables.reading import read_table_records

#: Belong to the person in every corpus, so that two values for one speaker are a mistake.
PERSONAL = ("gender", "country")

#: Beside a manifest: what its paths are relative to, and how it was made.
_FACTS = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """Utterances of a corpus.

    Parameters
    ----------
    written
        Columns `utterance_id, path, speaker_id, session_id, duration_s` and any attributes, as written.
    audio_root
        Folder that `path` is relative to.
    source
        The file that this was read from, for messages.

    Raises
    ------
    InputError
        When a column is not there, holds something else or lacks a value, or an utterance stands there twice.
    """

    written: pl.DataFrame
    audio_root: Path
    source: Path

    def __post_init__(self) -> None:
        check_columns(self.written, REQUIRED, self.source)
        check_texts(self.written, REQUIRED[:-1], self.source)
        # Twice in a table, an utterance would come out of every join twice.
        check_once(self.written, "utterance_id", self.source, "keep one row of each")
        if not (self.written.schema["duration_s"].is_numeric() or self.written.height == 0):
            raise InputError(
                f"{self.source}: column 'duration_s' holds {self.written.schema['duration_s']}; "
                "it must be a number of seconds"
            )

    @cached_property
    def table(self) -> pl.DataFrame:
        """The same with `gender` in one spelling and, where there is a country, `country_region`."""
        return uniform_attributes(self.written)

    @property
    def attributes(self) -> list[str]:
        """Columns beyond the required ones, such as `gender` and `country`."""
        known = (*REQUIRED, *PLACES)
        return [name for name in self.table.columns if name not in known]

    def place(self, row: int) -> str:
        """Return where a row stands in the file, for messages."""
        return f"row {row + 1}" if self.source.suffix == ".parquet" else f"line {row + 2}"

    def of_speakers(self, speaker_ids: Collection[str]) -> "Manifest":
        """Return the part that belongs to some speakers."""
        return replace(self, written=self.written.filter(pl.col("speaker_id").is_in(list(speaker_ids))))

    def recording(self, row: int) -> Recording:
        """Return where the audio of a row is; nothing is kept a row, so that a million rows cost nothing."""
        table = self.written
        offset, size, start, channel = (
            table[name][row] if name in table.columns else None
            for name in (BYTE_OFFSET, BYTE_SIZE, START, CHANNEL)
        )
        length = None if start is None else table["duration_s"][row]
        return Recording(self.audio_root / table["path"][row], offset or 0, size, start, length, channel)

    def speakers(self) -> pl.DataFrame:
        """Return one row a speaker: `speaker_id` and the attributes that are the same in all its rows.

        An attribute that changes within speakers (one of the recording, such as a codec) is left out.

        Raises
        ------
        InputError
            When a speaker has two values of `gender` or `country`.
        """
        table = self.table.select("speaker_id", *self.attributes)
        values = table.fill_null("").group_by("speaker_id").n_unique()
        kept = [name for name in self.attributes if not (values[name] > 1).any()]
        for name in PERSONAL:
            if name in self.attributes and name not in kept:
                self._report_conflict(name, values.filter(pl.col(name) > 1)["speaker_id"])
        return table.select("speaker_id", *kept).unique("speaker_id", keep="first").sort("speaker_id")

    def _report_conflict(self, name: str, speakers: pl.Series) -> NoReturn:
        first = speakers.sort()[0]
        found = self.table.filter(pl.col("speaker_id") == first)[name].fill_null("").unique().sort()
        raise InputError(
            f"{self.source}: {name}: speaker '{first}' has '{found[0]}' and '{found[1]}'; "
            f"a speaker has one{others_like_it(len(speakers), 'speakers')}"
        )


def read_manifest(path: Path, *, audio_root: Path | None = None) -> Manifest:
    """Read a manifest and check every row; `svfair.audio.checks` looks at its audio.

    Parameters
    ----------
    path
        CSV or Parquet, or a folder that holds `manifest.parquet` or `manifest.csv`.
    audio_root
        What the paths are relative to; by default the folder that `manifest.json` beside the manifest names,
        and without one the manifest's own folder.

    Raises
    ------
    InputError
        Naming the first bad row and the field, and how many more there are.
    """
    file = _find(path)
    records = read_table_records(file)
    table = records.table
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise InputError(
            f"{file}: no column '{missing[0]}'; found {', '.join(table.columns)} "
            "(columns are separated by commas)"
        )
    if table.height == 0:
        raise InputError(f"{file}: holds no utterances")
    return Manifest(read_rows(records, file), (audio_root or _audio_root_of(file)).resolve(), file)


def write_audio_root(manifest: Path, audio_root: Path, facts: Mapping[str, Any] | None = None) -> None:
    """Write `manifest.json` beside a manifest: what its paths are relative to, and how it was made.

    The root is kept relative to the manifest's folder when it lies inside, so that the folder can be moved.
    """
    root, folder = audio_root.resolve(), manifest.parent.resolve()
    inside = root.is_relative_to(folder)
    content = {"audio_root": str(root.relative_to(folder) if inside else root), **(facts or {})}
    write_text_whole(folder / _FACTS, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_manifest_facts(folder: Path) -> dict[str, Any]:
    """Return what `manifest.json` in a folder says; nothing when it is not there.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    file = folder / _FACTS
    if not file.is_file():
        return {}
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as JSON ({error}); prepare the manifest again") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("audio_root"), str):
        raise InputError(f"{file}: does not say what the manifest's paths are relative to (audio_root)")
    return facts


def _audio_root_of(file: Path) -> Path:
    return file.parent / str(read_manifest_facts(file.parent).get("audio_root", "."))


def _find(path: Path) -> Path:
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path}: no such manifest")
        return path
    for name in ("manifest.parquet", "manifest.csv"):
        if (path / name).is_file():
            return path / name
    raise InputError(f"{path}: holds no manifest.parquet or manifest.csv")
