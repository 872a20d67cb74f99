from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
from scored_files import write_scores

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


@pytest.fixture
def extractor(tmp_path: Path) -> Path:
    import torch

    from svfair.extractors import EcapaExtractor, save_extractor

    torch.manual_seed(0)
    path = tmp_path / "x.safetensors"
    save_extractor(EcapaExtractor(channels=8, embedding_size=8, mel_bands=16, attention_channels=16), path)
    return path


@pytest.fixture
def words_of(tmp_path: Path, tones: Path, extractor: Path) -> Callable[[str], list[str]]:
    """Return the words of a command whose outputs are called `out`, with suffixes."""
    corpus = str(tones.parent)
    more = {
        "synth": ["out", "--speakers", "4", "--sessions", "1", "--utterances", "2", "--workers", "1"],
        "prepare": ["table", corpus, "out", "--pattern", r"(?P<speaker_id>s\d)-", "--store", "flac"],
        "embed": [str(extractor), corpus, "out.parquet"],
        "trials": [corpus, "out.txt"],
        "subset": [corpus, "out", "--ratio", "gender=female:1,male:1"],
        "audit": [
            *write_scores(tmp_path)[1:],
            "--html",
            "out.html",
            "--csv",
            "out.csv",
            "--latex",
            "out.tex",
        ],
    }
    return lambda command: [command, *more[command]]
