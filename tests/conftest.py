import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import speechbrain
from speechbrain.utils.importutils import LazyModule

# Hypothesis looks at every loaded module. SpeechBrain's placeholders for modules that were renamed, or whose
# libraries are optional, warn or fail when they are looked at; nothing here needs them.
assert speechbrain.__version__
for name in [name for name, module in sys.modules.items() if isinstance(module, LazyModule)]:
    del sys.modules[name]

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """Real corpora that lie beside the project where it is developed."""
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real corpora, which do not come with the project")
    return REAL_DATA


def make_tones(folder: Path, speakers: int = 8, sessions: int = 2, utterances: int = 2) -> Path:
    """Write a corpus of noisy harmonic tones, one pitch a speaker; return the manifest."""
    random = np.random.default_rng(0)
    rows = []
    time = np.arange(12000) / 16000
    for speaker in range(speakers):
        for session in range(sessions):
            for utterance in range(utterances):
                name = f"s{speaker}-{session}-{utterance}"
                tone = sum(
                    np.sin(2 * np.pi * (100 + 23 * speaker) * harmonic * time + random.uniform(0, 6))
                    / harmonic
                    for harmonic in range(1, 12)
                )
                wave = 0.05 * tone + 0.01 * random.standard_normal(len(time))
                (folder / "audio").mkdir(parents=True, exist_ok=True)
                soundfile.write(folder / "audio" / f"{name}.flac", wave, 16000, subtype="PCM_16")
                rows.append(
                    {
                        "utterance_id": name,
                        "path": f"audio/{name}.flac",
                        "speaker_id": f"s{speaker}",
                        "session_id": f"s{speaker}-{session}",
                        "duration_s": len(time) / 16000,
                        "gender": "female" if speaker % 2 else "male",
                        "country": ("USA", "UK", "India")[speaker % 3],
                    }
                )
    pl.DataFrame(rows).write_csv(folder / "manifest.csv")
    return folder / "manifest.csv"


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A corpus of eight speakers with two sessions of two utterances."""
    return make_tones(tmp_path / "tones")
