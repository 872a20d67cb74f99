"""The CSTR VCTK Corpus (Yamagishi, Veaux and MacDonald), releases 0.80 and 0.92: accents of English."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, by_pattern, option
from svfair.corpora.metadata import find_file
from svfair.errors import InputError, Parameter
from svfair.manifests.speakers import one_row_a_speaker
from svfair.tables.bad_lines import BadLine, refuse
from svfair.tables.reading import read_bytes

_FOLDER = r"(?:^|/)wav\w*/(?<speaker_id>[ps]\d+)/"
_FILE = r"(?<utterance_id>[ps]\d+_\d+(?<microphone>(?:_mic\d)?))\.(?:flac|wav)$"

# Blanks part the columns, but also the words of a region; two accents are two words long.
_SPEAKER = re.compile(
    r"(?P<speaker_id>[ps]?\d+)\s+(?P<age>\S+)\s+(?P<gender>[A-Za-z]+)"
    r"(?:\s+(?P<accent>(?:Australian|NewZealand)\s+English|[^\s(]+))?(?P<region>[^(]*)(?:\(.*)?"
)


@dataclass(frozen=True)
class Vctk(Corpus):
    """VCTK: some 44,000 sentences read by 110 speakers, with age, gender, accent and region.

    Parameters
    ----------
    microphone
        Release 0.92 has every sentence twice, from an omnidirectional microphone (1) and a small-diaphragm
        condenser (2). The older release has the first alone. None takes both.
    """

    name: ClassVar[str] = "vctk"
    title: ClassVar[str] = "VCTK"
    layout: ClassVar[str] = "wav48_silence_trimmed/p225/p225_001_mic1.flac (or wav48/) and speaker-info.txt"
    example: ClassVar[str] = "VCTK-Corpus-0.92 prepared/vctk"

    microphone: int | None = option(1, "Of version 0.92.", min=1, max=2)

    def __post_init__(self) -> None:
        if self.microphone not in (None, 1, 2):
            raise InputError(Parameter("microphone"), f" {self.microphone}: there are microphones 1 and 2")

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as the files are named; a speaker was recorded in one sitting."""
        found = by_pattern(files, _FOLDER + _FILE).with_columns(
            session_id="speaker_id",
            microphone=pl.col("microphone").str.slice(-1).replace("", "1"),
        )
        if self.microphone is not None:
            found = found.filter(pl.col("microphone") == str(self.microphone))
        return found.select("path", "utterance_id", "speaker_id", "session_id", "microphone")

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read `speaker-info.txt`; the comments in it are about files, and are left out."""
        path = find_file(source, "speaker-info.txt")
        rows: list[dict[str, str]] = []
        bad: list[BadLine] = []
        for number, line in enumerate(read_bytes(path).decode(errors="replace").splitlines(), 1):
            if not line.strip() or line.split()[0].upper() == "ID":
                continue
            found = _SPEAKER.fullmatch(line.strip())
            if found is None:
                bad.append((number, "is not ID, AGE, GENDER, ACCENTS, REGION"))
                continue
            rows.append({name: " ".join((text or "").split()) for name, text in found.groupdict().items()})
        refuse(path, bad, "line", "Mend them or take them out")
        if not rows:
            raise InputError(f"{path}: holds no speakers")
        table = pl.DataFrame(rows)
        # Release 0.80 leaves the letter out in the table, though not in the names of files.
        with_letter = pl.col("speaker_id").str.replace(r"^(\d)", "p${1}")
        return one_row_a_speaker(path, table.with_columns(speaker_id=with_letter))
