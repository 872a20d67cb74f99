"""VoxCeleb1 (Nagrani et al., Interspeech 2017) and VoxCeleb2 (Chung et al., Interspeech 2018)."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, by_pattern, option
from svfair.corpora.metadata import find_file
from svfair.manifests.speakers import read_speakers

# Speaker, video, segment; the archives unpack into wav/, dev/wav/, aac/ or folders around these.
_PATTERN = r"(?:^|/)(?<speaker_id>id\d{5})/(?<video>[^/]+)/(?<segment>\d{5})\.(?:wav|flac|m4a)$"


@dataclass(frozen=True)
class _VoxCeleb(Corpus):
    metadata: str | None

    metadata_name: ClassVar[str]

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as the published lists do: `id10001/VIDEO/00001.wav`, whatever the format."""
        session = pl.format("{}/{}", "speaker_id", "video")
        return by_pattern(files, _PATTERN).select(
            "path",
            "speaker_id",
            utterance_id=pl.format("{}/{}.wav", session, "segment"),
            session_id=session,
        )

    def speakers(self, source: Path) -> pl.DataFrame:
        """Read the published table; the part (dev or test) is called `split`."""
        table = read_speakers(
            find_file(source, self.metadata_name, self.metadata, parameter="metadata"), normalise=False
        )
        names = {"set": "split", "vggface1 id": "vggface_id", "vggface2 id": "vggface_id"}
        renamed = {column: names.get(column.lower(), column) for column in table.columns}
        return table.rename(renamed)


@dataclass(frozen=True)
class VoxCeleb1(_VoxCeleb):
    """VoxCeleb1: 153,516 recordings of 1,251 speakers, with gender and nationality."""

    name: ClassVar[str] = "voxceleb1"
    title: ClassVar[str] = "VoxCeleb1"
    layout: ClassVar[str] = "wav/id10001/VIDEO/00001.wav (also below dev/ and test/) and vox1_meta.csv"
    example: ClassVar[str] = "/data/voxceleb1 prepared/voxceleb1"
    metadata_name: ClassVar[str] = "vox1_meta.csv"

    metadata: str | None = option(None, "vox1_meta.csv, when it does not lie in SOURCE.")


@dataclass(frozen=True)
class VoxCeleb2(_VoxCeleb):
    """VoxCeleb2: 1,128,246 recordings of 6,112 speakers, with gender; no nationality is published."""

    name: ClassVar[str] = "voxceleb2"
    title: ClassVar[str] = "VoxCeleb2"
    layout: ClassVar[str] = "aac/id00012/VIDEO/00001.m4a (or wav, below dev/ and test/) and vox2_meta.csv"
    example: ClassVar[str] = "/data/voxceleb2 prepared/voxceleb2 `store` packed"
    remark: ClassVar[str] = "The m4a files are read in place, or written anew with `store`."
    metadata_name: ClassVar[str] = "vox2_meta.csv"

    metadata: str | None = option(None, "vox2_meta.csv, when it does not lie in SOURCE.")
