import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def _forget_placeholders() -> None:
    """Forget SpeechBrain's placeholders, where SpeechBrain was imported.

    Hypothesis looks at every loaded module, and those for modules that were renamed, or whose libraries are
    optional, warn or fail when they are looked at.
    """
    lazy = getattr(sys.modules.get("speechbrain.utils.importutils"), "LazyModule", ())
    for name in [name for name, module in sys.modules.items() if isinstance(module, lazy)]:
        del sys.modules[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    _forget_placeholders()
    for item in items:
        if (fault := item.get_closest_marker("fault")) is not None:
            # Properties reach the report from another process too.
            item.user_properties.append(("fault", fault.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Count what `make faults` tried, by kind."""
    if config.option.markexpr != "fault":
        return
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for name, kind in getattr(report, "user_properties", ()):
                if name == "fault":
                    counts.setdefault(str(kind), Counter())[outcome] += 1
    terminalreporter.write_sep("-", "faults tried")
    for kind in sorted(counts):
        tried = counts[kind]
        terminalreporter.write_line(
            f"{kind:<40} {tried.total():>4} tried  {tried['passed']:>4} as they should"
            + (f"  {tried['failed']} NOT" if tried["failed"] else "")
            + (f"  {tried['skipped']} skipped" if tried["skipped"] else "")
        )


def pytest_runtest_setup() -> None:
    _forget_placeholders()


@pytest.fixture
def tiny() -> dict[str, str]:
    """Fields of a recipe, as `--set` takes them, with which it trains within a second."""
    return {
        "data.speakers_per_batch": "3",
        "data.crop_seconds": "0.4",
        "data.workers": "0",
        **dict.fromkeys(("extractor.channels", "extractor.embedding_size"), "8"),
        **dict.fromkeys(("extractor.mel_bands", "extractor.attention_channels"), "16"),
        "objective.method.regions": "2",
        "training.steps": "6",
        "training.learning_rate_warm_up": "2",
        "training.checkpoint_every": "2",
        "training.log_every": "1",
        "training.threads": "1",
        **dict.fromkeys(("evaluation.minimum_speakers", "evaluation.minimum_targets"), "1"),
    }


@pytest.fixture
def real_data() -> Path:
    """Real corpora that lie beside the project where it is developed."""
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real corpora, which do not come with the project")
    return REAL_DATA


def write_manifest(folder: Path, speakers: int = 8, sessions: int = 2, utterances: int = 2) -> Path:
    """Write the manifest of a small corpus, whose audio is not there."""
    rows = [
        {
            "utterance_id": (name := f"s{speaker}-{session}-{utterance}"),
            "path": f"audio/{name}.flac",
            "speaker_id": f"s{speaker}",
            "session_id": f"s{speaker}-{session}",
            "duration_s": 0.75,
            "gender": "female" if speaker % 2 else "male",
            "country": ("USA", "UK", "India")[speaker % 3],
        }
        for speaker in range(speakers)
        for session in range(sessions)
        for utterance in range(utterances)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_csv(folder / "manifest.csv")
    return folder / "manifest.csv"


def make_tones(folder: Path, speakers: int = 8, sessions: int = 2, utterances: int = 2) -> Path:
    """Write a corpus of noisy harmonic tones, one pitch a speaker; return the manifest."""
    import soundfile  # here, because tests without audio do without it

    manifest = write_manifest(folder, speakers, sessions, utterances)
    random = np.random.default_rng(0)
    time = np.arange(12000) / 16000
    (folder / "audio").mkdir()
    for path in pl.read_csv(manifest)["path"]:
        pitch = 100 + 23 * int(Path(path).name[1 : Path(path).name.index("-")])
        tone = sum(
            np.sin(2 * np.pi * pitch * harmonic * time + random.uniform(0, 6)) / harmonic
            for harmonic in range(1, 12)
        )
        wave = 0.05 * tone + 0.01 * random.standard_normal(len(time))
        soundfile.write(folder / path, wave, 16000, subtype="PCM_16")
    return manifest


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A manifest of eight speakers with two sessions of two utterances, without audio."""
    return write_manifest(tmp_path / "listed")


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """The same with audio."""
    return make_tones(tmp_path / "tones")
