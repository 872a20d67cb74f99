from collections.abc import Callable

import numpy as np
import pytest

from svfair.metrics.evaluation import evaluate
from svfair.metrics.settings import Resampling
from svfair.metrics.results import Evaluation

MakeEvaluation = Callable[..., Evaluation]


@pytest.fixture(scope="session")
def make_evaluation() -> MakeEvaluation:
    """Make an evaluation of 24 speakers by gender and country region; women are harder to recognise."""

    def make(
        system: str = "plain",
        *,
        ease: float = 2.0,
        seed: int = 0,
        replicates: int = 0,
        regions: tuple[str, ...] = ("US", "UK", "other"),
    ) -> Evaluation:
        random = np.random.default_rng(3)
        speakers = [f"s{i}" for i in range(24)]
        gender = {s: ("male", "female")[i % 2] for i, s in enumerate(speakers)}
        # One speaker has no region.
        region = {s: regions[i % len(regions)] for i, s in enumerate(speakers[:-1])}
        enrol = random.choice(speakers, 6000)
        test = np.where(random.random(6000) < 0.5, enrol, random.choice(speakers, 6000))
        target = enrol == test
        women = np.array([gender[s] == "female" for s in enrol])
        noise = np.random.default_rng(seed).normal(size=6000)
        return evaluate(
            noise + np.where(women, ease, 3.0) * target,
            target,
            enrol.tolist(),
            test.tolist(),
            {"gender": gender, "country_region": region},
            system=system,
            minimum_speakers=2,
            resampling=Resampling(replicates, replicates) if replicates else None,
        )

    return make
