"""The manifest: one row an utterance, checked before anything is computed from it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from svfair.errors import InputError
from svfair.files import written_whole

REQUIRED = ("utterance_id", "path", "speaker_id", "session_id", "duration_s")

#: Belong to the person in every corpus, so that two values for one speaker are a mistake.
PERSONAL = ("gender", "country")

#: A file may differ from the stated duration by this many seconds plus one percent.
DURATION_TOLERANCE_S = 0.5


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
        return [name for name in self.table.columns if name not in REQUIRED]

    def path_of(self, row: Mapping[str, Any]) -> Path:
        """Return the audio file of a row given as a mapping."""
        return self.audio_root / str(row["path"])

    def paths(self) -> list[Path]:
        """Return the audio file of every row."""
        return [self.audio_root / path for path in self.table["path"]]

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
        What the paths are relative to; the manifest's folder by default.
    check_audio
        Whether to open every file's header: that it exists, is audio, is not empty, and lasts as stated.

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
    texts = [name for name in table.columns if name != "duration_s"]
    duration = pl.col("duration_s").cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    table = table.with_columns(pl.col(texts).cast(pl.String), duration)
    root = (audio_root or file.parent).resolve()
    if table.height == 0:
        raise InputError(f"{file}: holds no utterances")
    _check_rows(table, file)
    manifest = Manifest(table, root, file)
    if check_audio:
        _check_audio(manifest)
    return manifest


def write_manifest(table: pl.DataFrame, path: Path) -> None:
    """Write a manifest as CSV or Parquet (by its suffix), whole or not at all."""
    with written_whole(path) as temporary:
        if path.suffix == ".parquet":
            table.write_parquet(temporary)
        else:
            table.write_csv(temporary)


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
    durations = manifest.table["duration_s"].to_list()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(_look_at, manifest.paths(), durations))
    bad = [(line, problem) for line, problem in enumerate(found, start=2) if problem]
    if bad:
        line, problem = bad[0]
        raise InputError(f"{manifest.source}: line {line}: path: {problem}{_others(len(bad))}")


def _look_at(path: Path, duration_s: float) -> str | None:
    # An evaluation reads manifests without looking at audio, and needs no audio library.
    import soundfile

    if not path.is_file():
        return f"'{path}' is missing"
    try:
        header = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError) as error:
        return f"'{path}' cannot be read as audio ({error})"
    if header.frames == 0:
        return f"'{path}' holds no audio"
    if abs(header.duration - duration_s) > DURATION_TOLERANCE_S + 0.01 * duration_s:
        return f"'{path}' lasts {header.duration:.2f} s, not {duration_s:.2f} s as duration_s says"
    return None


def _others(count: int, what: str = "rows") -> str:
    return f" ({count - 1} more {what} like it)" if count > 1 else ""
