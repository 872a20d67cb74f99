from collections.abc import Callable

import numpy as np
import pytest

from svfair.audit import Audit
from svfair.metrics import Evaluation, Resampling, Settings, evaluate, make_trial_set

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
        trials = make_trial_set(
            noise + np.where(women, ease, 3.0) * target, target, enrol.tolist(), test.tolist()
        )
        resampling = Resampling(replicates, replicates) if replicates else None
        settings = Settings(minimum_speakers=2, resampling=resampling)
        return evaluate(trials, {"gender": gender, "country_region": region}, settings, system=system)

    return make


@pytest.fixture(scope="session")
def make_audit(make_evaluation: MakeEvaluation) -> Callable[..., Audit]:
    """Make an audit of what `make_evaluation` makes."""
    return lambda *given, **named: Audit(make_evaluation(*given, **named))
