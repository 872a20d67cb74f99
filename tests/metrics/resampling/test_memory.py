import subprocess
import sys

import pytest

# A process of its own, since the peak of a process never falls.
SCRIPT = """
import resource, sys
import numpy as np
from svfair.metrics import Resampling, Settings, evaluate, make_trial_set

count = int(sys.argv[1])
random = np.random.default_rng(0)
enrol = random.integers(300, size=count)
test = np.where(random.random(count) < 0.1, enrol, random.integers(300, size=count))
target = enrol == test
scores = random.normal(size=count).astype(np.float32) + 2 * target
names = np.array([f"s{number}" for number in range(300)], dtype=object)
groups = {name: "abc"[number % 3] for number, name in enumerate(names)}
enrol, test = names[enrol], names[test]
resampling = Resampling(replicates=8, permutations=4)
trials = make_trial_set(scores, target, enrol, test)
found = evaluate(trials, {"group": groups}, Settings(resampling=resampling))
assert 0.1 < found.overall.errors.eer < 0.2
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak(trials: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(trials)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
def test_memory_grows_with_the_number_of_trials_and_no_faster() -> None:
    # At this price 10^7 trials need less than 4 GB.
    small, middle, large = (peak(trials) for trials in (500_000, 1_000_000, 3_000_000))
    first, second = (middle - small) / 500_000, (large - middle) / 2_000_000
    assert second < 400
    assert second < 1.5 * max(first, 100)
