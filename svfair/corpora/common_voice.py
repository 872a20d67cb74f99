"""Mozilla Common Voice (Ardila et al., LREC 2020): sentences that volunteers read into their browsers."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, option
from svfair.errors import InputError, Parameter, shown, shown_list
from svfair.tables.bad_lines import refuse
from svfair.tables.reading import read_unquoted

# What a person tells in the profile. Releases before 2021 call accents `accent`.
_PROFILE = {"age": "age", "gender": "gender", "accents": "accent", "accent": "accent", "variant": "variant"}


@dataclass(frozen=True)
class CommonVoice(Corpus):
    """One language of Common Voice, with what volunteers tell of themselves: age, gender, accent.

    Parameters
    ----------
    splits
        Tables to take clips from, in this order; a clip that is in several belongs to the first.
    """

    name: ClassVar[str] = "common-voice"
    title: ClassVar[str] = "one language of Common Voice"
    layout: ClassVar[str] = "clips/*.mp3 and validated.tsv, train.tsv and so on"
    example: ClassVar[str] = "cv-corpus-24.0/en prepared/common-voice-en"

    splits: tuple[str, ...] = option(
        ("validated",), "Table to read, such as train; repeat for more.", name="split", shown="validated"
    )

    def __post_init__(self) -> None:
        if not self.splits:
            raise InputError(Parameter("splits"), ": name at least one table, such as validated")

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as the clips are named, without `.mp3`.

        No sessions are published: all clips of a speaker count as one. Clips may have been converted: one of
        the same name with another ending is taken.
        """
        folder = self._folder(source)
        tables = [
            _read(folder / f"{split}.tsv", ("client_id", "path"), ("locale",)).with_columns(
                split=pl.lit(split)
            )
            for split in self.splits
        ]
        clip = pl.col("path").str.replace(r"\.[A-Za-z0-9]{2,4}$", "")
        rows = pl.concat(tables, how="diagonal").with_columns(utterance_id=clip)
        rows = rows.unique("utterance_id", keep="first", maintain_order=True)
        below = folder.relative_to(source).as_posix()
        prefix = "clips/" if below == "." else f"{below}/clips/"
        clips = (
            files.select(file="path")
            .filter(pl.col("file").str.starts_with(prefix))
            .with_columns(utterance_id=pl.col("file").str.strip_prefix(prefix).str.replace(r"\.[^./]+$", ""))
            .unique("utterance_id", keep="first", maintain_order=True)
        )
        named = rows.join(clips, on="utterance_id", how="left", maintain_order="left")
        missing = pl.format("{}{}.mp3", pl.lit(prefix), "utterance_id")
        return named.select(
            "utterance_id",
            "split",
            *(name for name in ("locale",) if name in named.columns),
            path=pl.coalesce("file", missing),
            speaker_id="client_id",
            session_id="client_id",
        )

    def speakers(self, source: Path) -> pl.DataFrame:
        """Gather what the rows of a person say.

        A profile may be filled in late: the one value that is given counts. Where two are given (a decade
        passed, or people shared an account), the value is empty, which is to say unknown.
        """
        folder = self._folder(source)
        tables = [_read(folder / f"{split}.tsv", ("client_id",), _PROFILE) for split in self.splits]
        columns = {name: _PROFILE[name] for table in tables for name in table.columns if name in _PROFILE}
        rows = pl.concat(
            [
                table.select(
                    "client_id", *(pl.col(n).alias(columns[n]) for n in table.columns if n in columns)
                )
                for table in tables
            ],
            how="diagonal",
        ).unique()
        given = [
            pl.col(name).replace("", None).drop_nulls().unique() for name in dict.fromkeys(columns.values())
        ]
        one = [pl.when(value.len() == 1).then(value.first()).otherwise(pl.lit("")) for value in given]
        return (
            rows.group_by(speaker_id="client_id")
            .agg(value.alias(name) for value, name in zip(one, dict.fromkeys(columns.values()), strict=True))
            .sort("speaker_id")
        )

    def _folder(self, source: Path) -> Path:
        """Return the language's folder: `source`, or the only one in it or one folder further down."""
        table = f"{self.splits[0]}.tsv"
        for pattern in (table, f"*/{table}", f"*/*/{table}"):
            found = sorted(path.parent for path in source.glob(pattern) if path.is_file())
            if len(found) > 1:
                names = shown_list([folder.relative_to(source).as_posix() for folder in found])
                raise InputError(f"{source}: holds several languages ({names}); name the folder of one")
            if found:
                return found[0]
        raise InputError(
            f"{source}: not a language of Common Voice; it holds {table} and a folder clips "
            "(looked here and two folders down)"
        )


def _read(path: Path, required: tuple[str, ...], optional: Iterable[str]) -> pl.DataFrame:
    """Read columns of a table as text without blanks around it; sentences hold stray quotation marks."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; name the splits that there are with ", Parameter("splits"))
    records = read_unquoted(path, required, tuple(optional))
    holds = records.table.select(pl.any_horizontal(pl.all() != "")).to_series()
    for name in required:
        empty = records.numbers.filter(holds & (records.table[name] == ""))
        refuse(path, [(line, f"{name} is empty") for line in empty], "line", "Take the table as published")
    if "path" in required:
        pairs = records.table.filter(holds).select(required).unique()
        twice = pairs.filter(pl.col("path").is_duplicated()).sort(required)
        if twice.height:
            clip, first, second = twice["path"][0], *twice["client_id"][:2]
            raise InputError(
                f"{path}: clip '{shown(clip)}' is of two speakers, '{shown(first)}' and '{shown(second)}'; "
                "take the table as published"
            )
    return records.table.filter(holds)
