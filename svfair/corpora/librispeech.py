"""LibriSpeech (Panayotov et al., ICASSP 2015): volunteers who read chapters of books."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, by_pattern
from svfair.corpora.metadata import find_file
from svfair.errors import InputError
from svfair.manifests.speakers import one_row_a_speaker
from svfair.tables.bad_lines import BadLine, refuse
from svfair.tables.reading import read_bytes

_PATTERN = (
    r"(?:^|/)(?<split>[^/]+)/(?<speaker_id>\d+)/(?<chapter>\d+)/(?<utterance_id>\d+-\d+-\d+)\.(?:flac|wav)$"
)


@dataclass(frozen=True)
class LibriSpeech(Corpus):
    """LibriSpeech: 1,000 hours of 2,484 speakers, with gender."""

    name: ClassVar[str] = "librispeech"
    title: ClassVar[str] = "LibriSpeech"
    layout: ClassVar[str] = "train-clean-100/19/198/19-198-0000.flac and SPEAKERS.TXT"
    example: ClassVar[str] = "LibriSpeech prepared/librispeech"

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as the transcripts do; a chapter is a session, a folder (dev-other) a split."""
        return by_pattern(files, _PATTERN).select(
            "path",
            "utterance_id",
            "speaker_id",
            "split",
            session_id=pl.format("{}-{}", "speaker_id", "chapter"),
        )

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read `SPEAKERS.TXT`: gender, and the name under which a speaker reads for LibriVox."""
        path = find_file(source, "SPEAKERS.TXT")
        rows: list[tuple[str, str, str]] = []
        bad: list[BadLine] = []
        for number, line in enumerate(read_bytes(path).decode(errors="replace").splitlines(), 1):
            if not line.strip() or line.startswith(";"):
                continue
            # The name comes last because it may hold the delimiter: speaker 60 is "|CBW|Simon".
            fields = [field.strip() for field in line.split("|", 4)]
            if len(fields) < 5 or not fields[0].isdigit():
                bad.append((number, "is not ID | SEX | SUBSET | MINUTES | NAME"))
                continue
            rows.append((fields[0], fields[1], fields[4]))
        refuse(path, bad, "line", "Mend them or take them out")
        if not rows:
            raise InputError(f"{path}: holds no speakers")
        schema = {"speaker_id": pl.String, "gender": pl.String, "name": pl.String}
        return one_row_a_speaker(path, pl.DataFrame(rows, schema, orient="row"))
