from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

MakeManifest = Callable[..., Path]


@pytest.fixture
def make_manifest(tmp_path: Path) -> MakeManifest:
    """Make manifests without audio."""

    def make(genders: Sequence[str | None], sessions: int, utterances: int = 1, name: str = "corpus") -> Path:
        """Write `name/manifest.csv`: a speaker for each gender, from the USA and the UK in turn.

        Utterances are called `s00/a/1.wav`, sessions `s00/a`.
        """
        rows = [
            {
                "utterance_id": f"s{speaker:02d}/{session}/{number}.wav",
                "path": f"s{speaker:02d}/{session}/{number}.wav",
                "speaker_id": f"s{speaker:02d}",
                "session_id": f"s{speaker:02d}/{session}",
                "duration_s": 36.0,
                "gender": gender,
                "country": ("USA", "UK")[speaker % 2],
            }
            for speaker, gender in enumerate(genders)
            for session in "abcdef"[:sessions]
            for number in range(1, utterances + 1)
        ]
        (tmp_path / name).mkdir()
        pl.DataFrame(rows).write_csv(tmp_path / name / "manifest.csv")
        return tmp_path / name

    return make
