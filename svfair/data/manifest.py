"""The manifest: one row an utterance, checked before anything is computed from it."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import polars as pl

from svfair.data.tables import first_line
from svfair.errors import InputError
from svfair.files import write_text_whole, written_whole

REQUIRED = ("utterance_id", "path", "speaker_id", "session_id", "duration_s")

#: Belong to the person in every corpus, so that two values for one speaker are a mistake.
PERSONAL = ("gender", "country")

#: Beside a manifest: what its paths are relative to, and how it was made.
_FACTS = "manifest.json"

#: Files whose header is read when a manifest is: all, or this many spread evenly over a longer manifest.
_LOOKED_AT = 5000

#: A file may differ from the stated duration by this many seconds plus one percent.
DURATION_TOLERANCE_S = 0.5


#: Where an utterance lies inside a packed file (a tar archive), in bytes; columns that a manifest may have.
BYTE_OFFSET, BYTE_SIZE = "byte_offset", "byte_size"


class Recording(NamedTuple):
    """Audio of one utterance: a file, or `size` bytes of one from `offset` on (a member of a tar archive)."""

    path: Path
    offset: int = 0
    size: int | None = None


@dataclass(frozen=True)
class Manifest:
    """Utterances of a corpus.

    Parameters
    ----------
    table
        Columns `utterance_id, path, speaker_id, session_id, duration_s` and any attributes.
    audio_root
        Folder that `path` is relative to.
    source
        The file that this was read from, for messages.
    """

    table: pl.DataFrame
    audio_root: Path
    source: Path

    @property
    def attributes(self) -> list[str]:
        """Columns beyond the required ones, such as `gender` and `country`."""
        known = (*REQUIRED, BYTE_OFFSET, BYTE_SIZE)
        return [name for name in self.table.columns if name not in known]

    def paths(self) -> list[Path]:
        """Return the audio file of every row."""
        return [self.audio_root / path for path in self.table["path"]]

    def recording(self, row: int) -> Recording:
        """Return where the audio of a row is; nothing is kept a row, so that a million rows cost nothing."""
        path = self.audio_root / self.table["path"][row]
        if BYTE_OFFSET not in self.table.columns or self.table[BYTE_OFFSET][row] is None:
            return Recording(path)
        return Recording(path, int(self.table[BYTE_OFFSET][row]), int(self.table[BYTE_SIZE][row]))

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
            f"a speaker has one{_others(len(speakers), 'speakers')}"
        )


def read_manifest(path: Path, *, audio_root: Path | None = None, check_audio: bool = True) -> Manifest:
    """Read a manifest and check every row.

    Parameters
    ----------
    path
        CSV or Parquet, or a folder that holds `manifest.parquet` or `manifest.csv`.
    audio_root
        What the paths are relative to; by default the folder that `manifest.json` beside the manifest names,
        and without one the manifest's own folder.
    check_audio
        Whether to read the files' headers (of 5,000 files, in a longer manifest): that they exist, are audio,
        are not empty, and last as stated.

    Raises
    ------
    InputError
        Naming the first bad row and the field, and how many more there are.
    """
    file = _find(path)
    table = _read_table(file)
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise InputError(
            f"{file}: no column '{missing[0]}'; found {', '.join(table.columns)} "
            "(columns are separated by commas)"
        )
    texts = [name for name in table.columns if name not in ("duration_s", BYTE_OFFSET, BYTE_SIZE)]
    places = [name for name in (BYTE_OFFSET, BYTE_SIZE) if name in table.columns]
    duration = pl.col("duration_s").cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    table = table.with_columns(
        pl.col(texts).cast(pl.String), duration, pl.col(places).cast(pl.Int64, strict=False)
    )
    root = (audio_root or _audio_root_of(file)).resolve()
    if table.height == 0:
        raise InputError(f"{file}: holds no utterances")
    _check_rows(table, file)
    manifest = Manifest(table, root, file)
    if check_audio:
        _check_audio(manifest)
    return manifest


def write_manifest(table: pl.DataFrame, path: Path) -> None:
    """Write a manifest as CSV or Parquet (by its suffix), whole or not at all.

    Raises
    ------
    InputError
        When it cannot be written, such as on a full disk.
    """
    try:
        with written_whole(path) as temporary:
            if path.suffix == ".parquet":
                table.write_parquet(temporary)
            else:
                table.write_csv(temporary)
    except pl.exceptions.PolarsError as error:  # polars does not always say that it was an OSError
        raise InputError(f"{path}: cannot be written ({first_line(error)})") from error


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
        if not path.is_file():
            raise InputError(f"{path}: no such manifest")
        return path
    for name in ("manifest.parquet", "manifest.csv"):
        if (path / name).is_file():
            return path / name
    raise InputError(f"{path}: holds no manifest.parquet or manifest.csv")


def _read_table(file: Path) -> pl.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        return pl.read_csv(file, infer_schema=False, encoding="utf8")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file}: cannot be read as a table ({str(error).splitlines()[0]})") from error


def _check_rows(table: pl.DataFrame, file: Path) -> None:
    parts = pl.col("path").str.replace_all("\\", "/", literal=True).str.split("/")
    problems = {
        "utterance_id: is empty": pl.col("utterance_id").fill_null("").str.strip_chars() == "",
        "utterance_id: '{utterance_id}' stands here for the second time": ~pl.col(
            "utterance_id"
        ).is_first_distinct(),
        "speaker_id: is empty": pl.col("speaker_id").fill_null("").str.strip_chars() == "",
        "session_id: is empty": pl.col("session_id").fill_null("").str.strip_chars() == "",
        "path: is empty": pl.col("path").fill_null("").str.strip_chars() == "",
        "path: '{path}' leaves the audio root; write it relative to that folder": (
            pl.col("path").str.contains(r"^(/|\\|[A-Za-z]:)") | parts.list.contains("..")
        ),
        "duration_s: is not a number of seconds above 0": ~(
            pl.col("duration_s").is_finite() & (pl.col("duration_s") > 0)
        ).fill_null(False),
    }
    for message, is_bad in problems.items():
        bad = table.with_row_index("line", offset=2).filter(is_bad)
        if bad.height:
            row = bad.row(0, named=True)
            raise InputError(f"{file}: line {row['line']}: {message.format(**row)}{_others(bad.height)}")


def _check_audio(manifest: Manifest) -> None:
    table = manifest.table
    rows = [number * table.height // _LOOKED_AT for number in range(_LOOKED_AT)]
    if table.height <= _LOOKED_AT:
        rows = list(range(table.height))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(_look_at, map(manifest.recording, rows), table["duration_s"][rows]))
    bad = [(row + 2, problem) for row, problem in zip(rows, found, strict=True) if problem]
    if bad:
        line, problem = bad[0]
        raise InputError(f"{manifest.source}: line {line}: path: {problem}{_others(len(bad))}")


def _look_at(recording: Recording, duration_s: float) -> str | None:
    # An evaluation reads manifests without looking at audio, and needs no audio library.
    from svfair.data.audio_header import read_header

    path = recording.path
    if not path.is_file():
        return f"'{path}' is missing"
    try:
        header = read_header(recording)
    except InputError as error:
        return str(error)
    if abs(header.duration_s - duration_s) > DURATION_TOLERANCE_S + 0.01 * duration_s:
        return f"'{path}' lasts {header.duration_s:.2f} s, not {duration_s:.2f} s as duration_s says"
    return None


def _others(count: int, what: str = "rows") -> str:
    return f" ({count - 1} more {what} like it)" if count > 1 else ""
