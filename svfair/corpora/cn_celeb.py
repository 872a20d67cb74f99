"""CN-Celeb1 (Fan et al., ICASSP 2020) and CN-Celeb2 (Li et al., 2022): Chinese celebrities, eleven genres."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from svfair.corpora.corpus import Corpus, by_pattern, no_speakers
from svfair.tables.reading import read_bytes

_DATA = r"^(?<root>(?:.*/)?)data/(?<speaker_id>id\d{5})/(?<segment>[^/]+-\d+-\d+)\.(?:flac|wav)$"
_TEST = r"^(?<root>(?:.*/)?)eval/test/(?<speaker_id>id\d{5})-(?<segment>[^/]+-\d+-\d+)\.(?:flac|wav)$"
_ENROL = r"^(?<root>(?:.*/)?)eval/enroll/(?<speaker_id>id\d{5})-(?<segment>enroll)\.(?:flac|wav)$"


@dataclass(frozen=True)
class CnCeleb(Corpus):
    """CN-Celeb1 and 2: 3,000 speakers by their ids; gender, age and origin are not published."""

    name: ClassVar[str] = "cn-celeb"
    title: ClassVar[str] = "CN-Celeb 1 or 2"
    layout: ClassVar[str] = "data/id00000/singing-01-001.flac, dev/dev.lst, eval/"
    example: ClassVar[str] = "CN-Celeb_flac prepared/cn-celeb"

    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Name utterances as `eval/lists/trials.lst` does, and those of `data` alike.

        `data` holds the evaluation speakers, too; where `eval` is there, with the same recordings, they are
        left out. A session is a speaker's video or programme. An enrolment is joined from several
        recordings: it has no genre, and is a session of its own.
        """
        evaluation = pl.concat(
            [
                by_pattern(files, _TEST).with_columns(
                    utterance_id=pl.format("test/{}-{}.wav", "speaker_id", "segment")
                ),
                by_pattern(files, _ENROL).with_columns(utterance_id=pl.format("{}-enroll", "speaker_id")),
            ]
        ).with_columns(split=pl.lit("eval"))
        data = by_pattern(files, _DATA).with_columns(
            utterance_id=pl.format("{}/{}.wav", "speaker_id", "segment"),
        )
        # CN-Celeb2 lies beside CN-Celeb1 and has no list: each folder goes by its own.
        listed = [_listed(source, root) for root in data["root"].unique().sort()]
        held_out = pl.concat([evaluation.select("root", "speaker_id"), *_outside(data, listed)]).unique()
        data = data.join(
            held_out.with_columns(split=pl.lit("eval")), on=["root", "speaker_id"], how="left"
        ).with_columns(split=pl.col("split").fill_null("dev"))
        repeated = (pl.col("split") == "eval") & pl.col("root").is_in(evaluation["root"].unique().to_list())
        source_name = pl.col("segment").str.replace(r"-\d+$", "")
        return pl.concat([data.filter(~repeated).select(evaluation.columns), evaluation]).select(
            "path",
            "utterance_id",
            "speaker_id",
            "split",
            session_id=pl.format("{}/{}", "speaker_id", source_name),
            genre=pl.col("segment").str.replace(r"-\d+-\d+$", "").replace("enroll", ""),
        )

    def speakers(self, source: Path) -> pl.DataFrame:
        """Return no attributes: none are published."""
        return no_speakers()


def _listed(source: Path, root: str) -> pl.DataFrame | None:
    """Return the development speakers of a folder, if it has their list."""
    path = source / root / "dev" / "dev.lst"
    if not path.is_file():
        return None
    speakers = read_bytes(path).decode(errors="replace").split()
    return pl.DataFrame({"root": root, "speaker_id": pl.Series(speakers, dtype=pl.String)})


def _outside(data: pl.DataFrame, lists: list[pl.DataFrame | None]) -> list[pl.DataFrame]:
    """Return the speakers in `data` whose folder has a list, but not them."""
    known = [listed for listed in lists if listed is not None]
    if not known:
        return []
    listed = pl.concat(known)
    pairs = data.select("root", "speaker_id").unique()
    return [
        pairs.join(listed.select("root").unique(), on="root", how="semi").join(
            listed, on=["root", "speaker_id"], how="anti"
        )
    ]
